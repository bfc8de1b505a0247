"""The tables of comparisons: participants, snapshots and published cohorts."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from vorex_sessions.extensions import db
from vorex_sessions.models.columns import Instant, Uuid


class CohortParticipant(db.Model):  # type: ignore[name-defined,misc]  # Flask-SQLAlchemy builds Model at run time
    """A learner who has joined comparisons; other learners have no row."""

    __tablename__ = "cohort_participants"

    user_id: Mapped[str] = mapped_column(Uuid, primary_key=True)
    since: Mapped[datetime] = mapped_column(Instant)


class CohortStanding(db.Model):  # type: ignore[name-defined,misc]  # as above
    """A participant's value in a cohort, as of the last snapshot. Derived from sessions.

    `sessions` is the number of sessions behind the value. `since` is when the learner joined, `noted_at` when
    value or sessions last changed. If the cohort's `as_of` is `noted_at` or later, `value` and `sessions` are
    published. Otherwise `published` and `published_sessions` are, null where the learner was not in it.
    """

    __tablename__ = "cohort_standings"
    __table_args__ = (
        sa.Index("ix_cohort_standings_language", "language", "period", "level", "measure"),
    )

    user_id: Mapped[str] = mapped_column(Uuid, primary_key=True)
    language: Mapped[str] = mapped_column(sa.Text, primary_key=True, server_default="en")
    period: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    level: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    measure: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    value: Mapped[float] = mapped_column(sa.Double)
    sessions: Mapped[int] = mapped_column(sa.Integer)
    last_day: Mapped[date] = mapped_column(sa.Date)
    since: Mapped[datetime] = mapped_column(Instant)
    noted_at: Mapped[datetime] = mapped_column(Instant)
    published: Mapped[float | None] = mapped_column(sa.Double)
    published_sessions: Mapped[int | None] = mapped_column(sa.Integer)


class Cohort(db.Model):  # type: ignore[name-defined,misc]  # as above
    """The published part of a cohort, which identifies nobody: the least value of each occupied band.

    `day` and `as_of` are the snapshot's day and instant. A cohort that is no longer shown has empty `bands`.
    """

    __tablename__ = "cohorts"

    language: Mapped[str] = mapped_column(sa.Text, primary_key=True, server_default="en")
    period: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    level: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    measure: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    day: Mapped[date] = mapped_column(sa.Date)
    as_of: Mapped[datetime] = mapped_column(Instant)
    learners: Mapped[int] = mapped_column(sa.Integer)
    width: Mapped[int] = mapped_column(sa.Integer)
    bands: Mapped[list[int]] = mapped_column(ARRAY(sa.Integer))
    least: Mapped[list[float]] = mapped_column(ARRAY(sa.Double))


class CohortSnapshot(db.Model):  # type: ignore[name-defined,misc]  # as above
    """A day whose snapshot has begun. It includes learners who joined by `joined_by`; null until it ends."""

    __tablename__ = "cohort_snapshots"

    day: Mapped[date] = mapped_column(sa.Date, primary_key=True)
    joined_by: Mapped[datetime | None] = mapped_column(Instant)
