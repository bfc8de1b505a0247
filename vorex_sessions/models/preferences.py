"""The learner's own calendar and goals."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from vorex_sessions.extensions import db
from vorex_sessions.models.columns import Instant, Texts, Uuid


class LearnerPreferences(db.Model):  # type: ignore[name-defined,misc]  # Flask-SQLAlchemy builds Model at run time
    """What a learner has set, as it was in force from `set_on` on until the next row of the learner.

    The latest row is what is set now; a learner without a row has the defaults. A streak is counted by the
    row of each day, so that a rebuild gives the same streak. `set_at` is when the row was last written.
    """

    __tablename__ = "learner_preferences"

    user_id: Mapped[str] = mapped_column(Uuid, primary_key=True)
    set_on: Mapped[date] = mapped_column(sa.Date, primary_key=True)
    set_at: Mapped[datetime] = mapped_column(Instant)
    day_starts_at: Mapped[int] = mapped_column(sa.Integer)
    week_starts_on: Mapped[str] = mapped_column(sa.Text)
    daily_goal_minutes: Mapped[int | None] = mapped_column(sa.Integer)
    weekly_goal_days: Mapped[int | None] = mapped_column(sa.Integer)
    rest_days: Mapped[list[str]] = mapped_column(Texts)
    pause_from: Mapped[date | None] = mapped_column(sa.Date)
    pause_to: Mapped[date | None] = mapped_column(sa.Date)
