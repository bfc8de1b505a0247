"""Who takes part in comparisons, and what snapshots found."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from vorex_sessions.extensions import db
from vorex_sessions.models.columns import Instant, Uuid


class CohortParticipant(db.Model):  # type: ignore[name-defined,misc]  # Flask-SQLAlchemy builds Model at run time
    """A learner who takes part in comparisons; who does not has no row."""

    __tablename__ = "cohort_participants"

    user_id: Mapped[str] = mapped_column(Uuid, primary_key=True)
    since: Mapped[datetime] = mapped_column(Instant)


class CohortStanding(db.Model):  # type: ignore[name-defined,misc]  # as above
    """A participant's one value in a cohort, as the last snapshot found it. Derived from sessions.

    `sessions` is how many it rests on, `since` when the learner takes part, `noted_at` since when value and
    sessions are what they are. If the cohort is as of then or later, that is what was published; else it is
    `published` and `published_sessions`, null where the learner was not in it.
    """

    __tablename__ = "cohort_standings"
    __table_args__ = (sa.Index("ix_cohort_standings_cohort", "period", "level", "measure"),)

    user_id: Mapped[str] = mapped_column(Uuid, primary_key=True)
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
    """What is published of a cohort, names nobody: of each band that is taken its least value.

    `day` is the snapshot's, `as_of` the instant; of what is shown no more the bands are empty.
    """

    __tablename__ = "cohorts"

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
    """A day whose snapshot has begun; it counted who had joined by then, null until it has ended."""

    __tablename__ = "cohort_snapshots"

    day: Mapped[date] = mapped_column(sa.Date, primary_key=True)
    joined_by: Mapped[datetime | None] = mapped_column(Instant)
