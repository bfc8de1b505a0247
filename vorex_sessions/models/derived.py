"""The tables that are derived from each learner's sessions, and can be rebuilt from them."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from vorex_sessions.extensions import db
from vorex_sessions.models.columns import Instant, Texts, Uuid


class LearnerTotals(db.Model):  # type: ignore[name-defined,misc]  # Flask-SQLAlchemy builds Model at run time
    """The totals of a learner's sessions. Derived from them; a missing row is rebuilt when it is needed."""

    __tablename__ = "learner_totals"

    user_id: Mapped[str] = mapped_column(Uuid, primary_key=True)
    sessions: Mapped[int] = mapped_column(sa.Integer)
    conversations: Mapped[int] = mapped_column(sa.Integer)
    pronunciations: Mapped[int] = mapped_column(sa.Integer)
    roleplays: Mapped[int] = mapped_column(sa.Integer)
    seconds: Mapped[int] = mapped_column(sa.BigInteger)
    words_spoken: Mapped[int] = mapped_column(sa.BigInteger)
    distinct_words: Mapped[int] = mapped_column(sa.Integer)
    best_pronunciation: Mapped[float] = mapped_column(sa.Double)
    best_fluency: Mapped[float] = mapped_column(sa.Double)
    best_grammar: Mapped[float] = mapped_column(sa.Double)
    longest_break: Mapped[int] = mapped_column(sa.Integer)
    last_day: Mapped[date | None] = mapped_column(sa.Date)
    last_day_seconds: Mapped[int] = mapped_column(sa.BigInteger)
    days: Mapped[int] = mapped_column(sa.Integer)
    counted_on: Mapped[date | None] = mapped_column(sa.Date)
    current_streak: Mapped[int] = mapped_column(sa.Integer)
    longest_streak: Mapped[int] = mapped_column(sa.Integer)
    freezes: Mapped[int] = mapped_column(sa.Integer)
    goal_days: Mapped[int] = mapped_column(sa.Integer, server_default="0")
    goal_weeks: Mapped[int] = mapped_column(sa.Integer, server_default="0")
    goal_week_on: Mapped[date | None] = mapped_column(sa.Date)
    recent_days: Mapped[int] = mapped_column(sa.Integer, server_default="0")
    latest_at: Mapped[datetime | None] = mapped_column(Instant)
    latest_id: Mapped[str | None] = mapped_column(Uuid)
    timezone: Mapped[str | None] = mapped_column(sa.Text)
    languages: Mapped[list[str]] = mapped_column(Texts, server_default="{en}")
    # Whether the columns above are current, and the version of the rules that derived the other tables.
    counted: Mapped[bool] = mapped_column(sa.Boolean, server_default=sa.true())
    derived_version: Mapped[int] = mapped_column(sa.Integer, server_default="0")


class LearnerWord(db.Model):  # type: ignore[name-defined,misc]  # as above
    """A word of a language, and the number of a learner's sessions that have it. Derived from them."""

    __tablename__ = "learner_words"

    user_id: Mapped[str] = mapped_column(Uuid, primary_key=True)
    language: Mapped[str] = mapped_column(sa.Text, primary_key=True, server_default="en")
    word: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    times_seen: Mapped[int] = mapped_column(sa.Integer, server_default="1")
    first_seen: Mapped[datetime] = mapped_column(Instant, server_default=sa.func.now())
    last_seen: Mapped[datetime] = mapped_column(Instant, server_default=sa.func.now())


class LearnerMemory(db.Model):  # type: ignore[name-defined,misc]  # as above
    """How well a learner remembers a word, from the outcomes of exercises. Derived from sessions.

    `tested_on` is a day of the learner's calendar; `due_on` is the first day on which the predicted
    recall is below 0.9.
    """

    __tablename__ = "learner_memories"
    __table_args__ = (sa.Index("ix_learner_memories_language", "user_id", "language", "due_on"),)

    user_id: Mapped[str] = mapped_column(Uuid, primary_key=True)
    language: Mapped[str] = mapped_column(sa.Text, primary_key=True, server_default="en")
    word: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    times_tested: Mapped[int] = mapped_column(sa.Integer)
    last_outcome: Mapped[str] = mapped_column(sa.Text)
    tested_at: Mapped[datetime] = mapped_column(Instant)
    tested_on: Mapped[date] = mapped_column(sa.Date)
    stability: Mapped[float] = mapped_column(sa.Double)
    difficulty: Mapped[float] = mapped_column(sa.Double)
    due_on: Mapped[date] = mapped_column(sa.Date)


class LearnerSkill(db.Model):  # type: ignore[name-defined,misc]  # as above
    """How well a learner masters a skill, and the amount of evidence. Derived from sessions."""

    __tablename__ = "learner_skills"

    user_id: Mapped[str] = mapped_column(Uuid, primary_key=True)
    language: Mapped[str] = mapped_column(sa.Text, primary_key=True, server_default="en")
    skill: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    mastery: Mapped[float] = mapped_column(sa.Double)
    evidence: Mapped[int] = mapped_column(sa.Integer)
    flagged: Mapped[int] = mapped_column(sa.Integer)
    last_at: Mapped[datetime] = mapped_column(Instant)


class LearnerAchievement(db.Model):  # type: ignore[name-defined,misc]  # as above
    """An achievement that a learner has unlocked for good, and the session that unlocked it."""

    __tablename__ = "learner_achievements"

    user_id: Mapped[str] = mapped_column(Uuid, primary_key=True)
    achievement: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    unlocked_at: Mapped[datetime] = mapped_column(Instant)
    session_result_id: Mapped[str] = mapped_column(Uuid)


class LearnerRollup(db.Model):  # type: ignore[name-defined,misc]  # as above
    """The totals of all sessions that a learner completed before an instant. Derived from them.

    A row is missing until it is needed, and once a session before that instant is added, removed or changed.
    `tallies` are rows of DAY_GROUPS in progress/queries.py.
    """

    __tablename__ = "learner_rollups"

    user_id: Mapped[str] = mapped_column(Uuid, primary_key=True)
    before: Mapped[datetime] = mapped_column(Instant)
    tallies: Mapped[list[Any]] = mapped_column(sa.JSON)
