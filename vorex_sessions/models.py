"""The tables. Limits of the contract stand here a second time, as named CHECK constraints."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from vorex_sessions.extensions import db

SESSION_TYPES = ("conversation", "pronunciation", "roleplay")
LARGEST_DURATION = 86_400  # seconds
LARGEST_WORDS = 100_000
MOST_TOPICS, TOPIC_LENGTH = 50, 200
MOST_VOCABULARY, WORD_LENGTH = 500, 100
MOST_SKILLS = 50
OUTCOMES = ("again", "hard", "good", "easy")
FINGERPRINT_BYTES = 16

_Uuid = sa.Uuid(as_uuid=False)
_Instant = sa.DateTime(timezone=True)
_Texts = ARRAY(sa.Text)


def _score_check(score: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(f"{score} BETWEEN 0 AND 100", name=score)


class SessionResult(db.Model):  # type: ignore[name-defined,misc]  # Flask-SQLAlchemy builds Model at run time
    """One finished practice session of a learner.

    `practiced_on` and `timezone` are fixed on save, so that no day moves when the learner travels.
    """

    __tablename__ = "session_results"
    __table_args__ = (
        sa.CheckConstraint(
            "session_type IN ('conversation', 'pronunciation', 'roleplay')", name="session_type"
        ),
        sa.CheckConstraint(
            f"duration_seconds BETWEEN 0 AND {LARGEST_DURATION}", name="duration_seconds"
        ),
        sa.CheckConstraint(f"words_spoken BETWEEN 0 AND {LARGEST_WORDS}", name="words_spoken"),
        _score_check("pronunciation_score"),
        _score_check("fluency_score"),
        _score_check("grammar_score"),
        sa.CheckConstraint(f"cardinality(topics) <= {MOST_TOPICS}", name="topics"),
        sa.CheckConstraint(
            f"cardinality(vocabulary_learned) <= {MOST_VOCABULARY}", name="vocabulary_learned"
        ),
        sa.CheckConstraint(
            f"cardinality(areas_to_improve) <= {MOST_TOPICS}", name="areas_to_improve"
        ),
        sa.CheckConstraint("jsonb_typeof(metadata) = 'object'", name="metadata"),
        sa.CheckConstraint("completed_at >= '2000-01-01 00:00:00+00'", name="completed_at"),
        sa.CheckConstraint(
            "abs(practiced_on - (completed_at AT TIME ZONE 'UTC')::date) <= 1", name="practiced_on"
        ),
        sa.CheckConstraint(f"octet_length(fingerprint) = {FINGERPRINT_BYTES}", name="fingerprint"),
        sa.Index(
            "ix_session_results_newest",
            "user_id",
            sa.text("completed_at DESC"),
            sa.text("session_result_id DESC"),
        ),
    )

    user_id: Mapped[str] = mapped_column(_Uuid, primary_key=True)
    session_result_id: Mapped[str] = mapped_column(_Uuid, primary_key=True)
    session_type: Mapped[str] = mapped_column(sa.Text)
    duration_seconds: Mapped[int] = mapped_column(sa.Integer)
    words_spoken: Mapped[int] = mapped_column(sa.Integer, server_default="0")
    pronunciation_score: Mapped[float | None] = mapped_column(sa.Double)
    fluency_score: Mapped[float | None] = mapped_column(sa.Double)
    grammar_score: Mapped[float | None] = mapped_column(sa.Double)
    topics: Mapped[list[str]] = mapped_column(_Texts, server_default="{}")
    vocabulary_learned: Mapped[list[str]] = mapped_column(_Texts, server_default="{}")
    areas_to_improve: Mapped[list[str]] = mapped_column(_Texts, server_default="{}")
    vocabulary_results: Mapped[list[dict[str, str]]] = mapped_column(JSONB, server_default="[]")
    skills: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default="[]")
    # The attribute has another name than the column: Declarative keeps `metadata` for itself.
    details: Mapped[dict[str, Any]] = mapped_column("metadata", JSONB, server_default="{}")
    completed_at: Mapped[datetime] = mapped_column(_Instant)
    timezone: Mapped[str] = mapped_column(sa.Text)
    practiced_on: Mapped[date] = mapped_column(sa.Date)
    created_at: Mapped[datetime] = mapped_column(_Instant, server_default=sa.func.now())
    updated_at: Mapped[datetime] = mapped_column(_Instant, server_default=sa.func.now())
    fingerprint: Mapped[bytes] = mapped_column(sa.LargeBinary)


class DeletedSession(db.Model):  # type: ignore[name-defined,misc]  # as above
    """A session that was deleted or erased: its id may never be saved again."""

    __tablename__ = "deleted_sessions"

    user_id: Mapped[str] = mapped_column(_Uuid, primary_key=True)
    session_result_id: Mapped[str] = mapped_column(_Uuid, primary_key=True)
    deleted_at: Mapped[datetime] = mapped_column(_Instant)


class ErasedLearner(db.Model):  # type: ignore[name-defined,misc]  # as above
    """A learner whose data was erased: nothing completed before may be saved, nothing at all if closed."""

    __tablename__ = "erased_learners"

    user_id: Mapped[str] = mapped_column(_Uuid, primary_key=True)
    erased_at: Mapped[datetime] = mapped_column(_Instant)
    closed: Mapped[bool] = mapped_column(sa.Boolean, server_default=sa.false())


class LearnerTotals(db.Model):  # type: ignore[name-defined,misc]  # as above
    """What a learner's sessions add up to. Derived from them; a missing row is made when it is needed."""

    __tablename__ = "learner_totals"

    user_id: Mapped[str] = mapped_column(_Uuid, primary_key=True)
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
    latest_at: Mapped[datetime | None] = mapped_column(_Instant)
    latest_id: Mapped[str | None] = mapped_column(_Uuid)
    timezone: Mapped[str | None] = mapped_column(sa.Text)
    # Whether all of the above can be relied on, and by which rules the other tables were derived.
    counted: Mapped[bool] = mapped_column(sa.Boolean, server_default=sa.true())
    derived_version: Mapped[int] = mapped_column(sa.Integer, server_default="0")


class LearnerWord(db.Model):  # type: ignore[name-defined,misc]  # as above
    """A word that a learner's sessions name, and in how many. Derived from them."""

    __tablename__ = "learner_words"

    user_id: Mapped[str] = mapped_column(_Uuid, primary_key=True)
    word: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    times_seen: Mapped[int] = mapped_column(sa.Integer, server_default="1")
    first_seen: Mapped[datetime] = mapped_column(_Instant, server_default=sa.func.now())
    last_seen: Mapped[datetime] = mapped_column(_Instant, server_default=sa.func.now())


class LearnerMemory(db.Model):  # type: ignore[name-defined,misc]  # as above
    """How well a learner remembers a word, from the outcomes of exercises. Derived from sessions.

    `tested_on` is a day of the learner's calendar; `due_on` the first one on which the predicted recall
    is below 0.9.
    """

    __tablename__ = "learner_memories"
    __table_args__ = (sa.Index("ix_learner_memories_due", "user_id", "due_on"),)

    user_id: Mapped[str] = mapped_column(_Uuid, primary_key=True)
    word: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    times_tested: Mapped[int] = mapped_column(sa.Integer)
    last_outcome: Mapped[str] = mapped_column(sa.Text)
    tested_at: Mapped[datetime] = mapped_column(_Instant)
    tested_on: Mapped[date] = mapped_column(sa.Date)
    stability: Mapped[float] = mapped_column(sa.Double)
    difficulty: Mapped[float] = mapped_column(sa.Double)
    due_on: Mapped[date] = mapped_column(sa.Date)


class LearnerSkill(db.Model):  # type: ignore[name-defined,misc]  # as above
    """How well a learner masters a skill, and from how much evidence. Derived from sessions."""

    __tablename__ = "learner_skills"

    user_id: Mapped[str] = mapped_column(_Uuid, primary_key=True)
    skill: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    mastery: Mapped[float] = mapped_column(sa.Double)
    evidence: Mapped[int] = mapped_column(sa.Integer)
    flagged: Mapped[int] = mapped_column(sa.Integer)
    last_at: Mapped[datetime] = mapped_column(_Instant)


class LearnerAchievement(db.Model):  # type: ignore[name-defined,misc]  # as above
    """An achievement that a learner has unlocked, for good, and the session that brought it."""

    __tablename__ = "learner_achievements"

    user_id: Mapped[str] = mapped_column(_Uuid, primary_key=True)
    achievement: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    unlocked_at: Mapped[datetime] = mapped_column(_Instant)
    session_result_id: Mapped[str] = mapped_column(_Uuid)


class CohortParticipant(db.Model):  # type: ignore[name-defined,misc]  # as above
    """A learner who takes part in comparisons; who does not has no row."""

    __tablename__ = "cohort_participants"

    user_id: Mapped[str] = mapped_column(_Uuid, primary_key=True)
    since: Mapped[datetime] = mapped_column(_Instant)


class CohortStanding(db.Model):  # type: ignore[name-defined,misc]  # as above
    """A participant's one value in a cohort, as the last snapshot found it. Derived from sessions.

    `sessions` is how many it rests on; `counted_from` when it was first counted; `published` the value that
    what is published of the cohort rests on, null where the learner is not in it.
    """

    __tablename__ = "cohort_standings"
    __table_args__ = (sa.Index("ix_cohort_standings_cohort", "period", "level", "measure"),)

    user_id: Mapped[str] = mapped_column(_Uuid, primary_key=True)
    period: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    level: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    measure: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    value: Mapped[float] = mapped_column(sa.Double)
    sessions: Mapped[int] = mapped_column(sa.Integer)
    last_day: Mapped[date] = mapped_column(sa.Date)
    counted_from: Mapped[datetime] = mapped_column(_Instant)
    published: Mapped[float | None] = mapped_column(sa.Double)


class Cohort(db.Model):  # type: ignore[name-defined,misc]  # as above
    """What is published of a cohort, names nobody: of each band that is taken its least value."""

    __tablename__ = "cohorts"

    period: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    level: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    measure: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    as_of: Mapped[datetime] = mapped_column(_Instant)
    learners: Mapped[int] = mapped_column(sa.Integer)
    width: Mapped[int] = mapped_column(sa.Integer)
    bands: Mapped[list[int]] = mapped_column(ARRAY(sa.Integer))
    least: Mapped[list[float]] = mapped_column(ARRAY(sa.Double))


session_results = SessionResult.__table__
deleted_sessions = DeletedSession.__table__
erased_learners = ErasedLearner.__table__
learner_totals = LearnerTotals.__table__
learner_words = LearnerWord.__table__
learner_achievements = LearnerAchievement.__table__
learner_memories = LearnerMemory.__table__
learner_skills = LearnerSkill.__table__
cohort_participants = CohortParticipant.__table__
cohort_standings = CohortStanding.__table__
cohorts = Cohort.__table__
