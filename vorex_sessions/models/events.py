"""The tables of events: what has happened, what waits for each destination, which one is closed."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from vorex_sessions.extensions import db
from vorex_sessions.models.columns import Instant, Texts, Uuid

# The transaction that writes a row, as a number.
THIS_TRANSACTION = sa.text("CAST(CAST(pg_current_xact_id() AS text) AS bigint)")

# When it began, in microseconds, as SQL: for several machines, of which each counts its own transactions.
THIS_MOMENT = "CAST(extract(epoch FROM now()) * 1000000 AS bigint)"


class Event(db.Model):  # type: ignore[name-defined,misc]  # Flask-SQLAlchemy builds Model at run time
    """What has happened to a learner's data. Kept for EVENTS_KEPT_DAYS.

    Those of a learner happened in the order of `id`, since each is written behind the learner's lock. In the
    order of `written_by` nothing is added before what is older than every running transaction. It is the
    number of the transaction, on several machines its time.
    """

    __tablename__ = "events"
    __table_args__ = (sa.Index("ix_events_written", "written_by", "id"),)

    user_id: Mapped[str] = mapped_column(Uuid, primary_key=True)
    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    # What receivers know it by: other than `id`, it does not repeat after a restored backup.
    event_id: Mapped[str] = mapped_column(Uuid, server_default=sa.text("gen_random_uuid()"))
    type: Mapped[str] = mapped_column(sa.Text)
    occurred_at: Mapped[datetime] = mapped_column(Instant, server_default=sa.func.now())
    session_result_id: Mapped[str | None] = mapped_column(Uuid)
    version: Mapped[int | None] = mapped_column(sa.BigInteger)
    data: Mapped[dict[str, Any] | None] = mapped_column(JSONB)  # further members
    written_by: Mapped[int] = mapped_column(sa.BigInteger, server_default=THIS_TRANSACTION)
    given_up: Mapped[list[str] | None] = mapped_column(Texts)  # destinations that did not get it


class EventQueue(db.Model):  # type: ignore[name-defined,misc]  # as above
    """A learner's events that wait for a destination: those after `after_id`, up to `last_id`.

    The first of them is sent when `due_at` has come. Who sends it moves `due_at` to the end of a lease; the
    learner's others wait, so that they arrive in order. The row is removed when none is left.
    """

    __tablename__ = "event_queues"
    __table_args__ = (sa.Index("ix_event_queues_due", "destination", "due_at"),)

    user_id: Mapped[str] = mapped_column(Uuid, primary_key=True)
    destination: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    after_id: Mapped[int] = mapped_column(sa.BigInteger)
    last_id: Mapped[int] = mapped_column(sa.BigInteger)
    since: Mapped[datetime] = mapped_column(Instant, server_default=sa.func.now())
    due_at: Mapped[datetime] = mapped_column(Instant, server_default=sa.func.now())
    lease: Mapped[str | None] = mapped_column(Uuid)
    attempts: Mapped[int] = mapped_column(sa.Integer, server_default="0")
    failing_since: Mapped[datetime | None] = mapped_column(Instant)
    last_answer: Mapped[str | None] = mapped_column(sa.Text)


class EventDestination(db.Model):  # type: ignore[name-defined,misc]  # as above
    """A destination that wants nothing for now: until an instant, or until it is enabled again."""

    __tablename__ = "event_destinations"

    destination: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    disabled_at: Mapped[datetime | None] = mapped_column(Instant)
    paused_until: Mapped[datetime | None] = mapped_column(Instant)
