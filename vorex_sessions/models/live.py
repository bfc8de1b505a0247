"""Practice that is still going on."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from vorex_sessions.extensions import db
from vorex_sessions.models.columns import Instant, Texts, Uuid


class LiveSession(db.Model):  # type: ignore[name-defined,misc]  # Flask-SQLAlchemy builds Model at run time
    """A practice session that is not saved yet, as its newest heartbeat has it; the save removes it.

    There is no index on `heartbeat_at`: each heartbeat changes it, and the sweep reads the whole table. A
    cancelled one is kept without content until it would be gone, lest a late heartbeat starts it again.
    """

    __tablename__ = "live_sessions"

    user_id: Mapped[str] = mapped_column(Uuid, primary_key=True)
    session_result_id: Mapped[str] = mapped_column(Uuid, primary_key=True)
    session_type: Mapped[str] = mapped_column(sa.Text)
    language: Mapped[str] = mapped_column(sa.Text)
    timezone: Mapped[str] = mapped_column(sa.Text)
    started_at: Mapped[datetime] = mapped_column(Instant)
    seq: Mapped[int] = mapped_column(sa.BigInteger)
    active_seconds: Mapped[int] = mapped_column(sa.Integer)
    words_spoken: Mapped[int] = mapped_column(sa.Integer)
    pronunciation_score: Mapped[float | None] = mapped_column(sa.Double)
    fluency_score: Mapped[float | None] = mapped_column(sa.Double)
    grammar_score: Mapped[float | None] = mapped_column(sa.Double)
    topics: Mapped[list[str]] = mapped_column(Texts)
    vocabulary_learned: Mapped[list[str]] = mapped_column(Texts)
    # The attribute cannot have the column's name: Declarative reserves `metadata`.
    details: Mapped[dict[str, Any]] = mapped_column("metadata", JSONB)
    created_at: Mapped[datetime] = mapped_column(Instant)
    heartbeat_at: Mapped[datetime] = mapped_column(Instant)
    cancelled: Mapped[bool] = mapped_column(sa.Boolean, server_default=sa.false())
