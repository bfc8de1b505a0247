"""Who may look at a learner's page, and what learners share."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from vorex_sessions.extensions import db
from vorex_sessions.models.columns import Instant, Uuid


class PageLink(db.Model):  # type: ignore[name-defined,misc]  # Flask-SQLAlchemy builds Model at run time
    """A link to a learner's page that is not used yet; of its code only the hash is kept."""

    __tablename__ = "page_links"

    user_id: Mapped[str] = mapped_column(Uuid, primary_key=True)
    code_hash: Mapped[bytes] = mapped_column(sa.LargeBinary, primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(Instant)

    __table_args__ = (sa.Index("ix_page_links_code_hash", "code_hash"),)


class PageSession(db.Model):  # type: ignore[name-defined,misc]  # as above
    """A browser that shows a learner's page; of the secret in its cookie only the hash is kept.

    A secret that was replaced is good for some seconds more, for what the browser has asked for already.
    """

    __tablename__ = "page_sessions"

    user_id: Mapped[str] = mapped_column(Uuid, primary_key=True)
    secret_hash: Mapped[bytes] = mapped_column(sa.LargeBinary, primary_key=True)
    previous_hash: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    replaced_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)


class ShareCard(db.Model):  # type: ignore[name-defined,misc]  # as above
    """Figures that a learner shows to whoever has the card's address, as they were when it was made."""

    __tablename__ = "share_cards"

    user_id: Mapped[str] = mapped_column(Uuid, primary_key=True)
    card_id: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    figures: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    locale: Mapped[str] = mapped_column(sa.Text)
    theme: Mapped[str] = mapped_column(sa.Text)
    created_at: Mapped[datetime] = mapped_column(Instant)

    __table_args__ = (sa.Index("ix_share_cards_card_id", "card_id"),)
