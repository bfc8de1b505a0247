"""Sessions, tombstones and erasures. CHECK constraints repeat the limits, except those of later columns."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from vorex_sessions.extensions import db
from vorex_sessions.models.columns import Instant, Texts, Uuid
from vorex_sessions.models.limits import (
    FINGERPRINT_BYTES,
    LARGEST_DURATION,
    LARGEST_WORDS,
    MOST_TOPICS,
    MOST_VOCABULARY,
)

# Instead of this one, a trigger gives the learner's next version (0010_versions).
NO_VERSION = "-1"


def _score_check(score: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(f"{score} BETWEEN 0 AND 100", name=score)


class SessionResult(db.Model):  # type: ignore[name-defined,misc]  # Flask-SQLAlchemy builds Model at run time
    """A finished practice session of a learner.

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
        sa.Index("ix_session_results_version", "user_id", "version", "session_result_id"),
    )

    user_id: Mapped[str] = mapped_column(Uuid, primary_key=True)
    session_result_id: Mapped[str] = mapped_column(Uuid, primary_key=True)
    session_type: Mapped[str] = mapped_column(sa.Text)
    duration_seconds: Mapped[int] = mapped_column(sa.Integer)
    words_spoken: Mapped[int] = mapped_column(sa.Integer, server_default="0")
    pronunciation_score: Mapped[float | None] = mapped_column(sa.Double)
    fluency_score: Mapped[float | None] = mapped_column(sa.Double)
    grammar_score: Mapped[float | None] = mapped_column(sa.Double)
    topics: Mapped[list[str]] = mapped_column(Texts, server_default="{}")
    vocabulary_learned: Mapped[list[str]] = mapped_column(Texts, server_default="{}")
    areas_to_improve: Mapped[list[str]] = mapped_column(Texts, server_default="{}")
    vocabulary_results: Mapped[list[dict[str, str]]] = mapped_column(JSONB, server_default="[]")
    skills: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default="[]")
    # The attribute cannot have the column's name: Declarative reserves `metadata`.
    details: Mapped[dict[str, Any]] = mapped_column("metadata", JSONB, server_default="{}")
    completed_at: Mapped[datetime] = mapped_column(Instant)
    timezone: Mapped[str] = mapped_column(sa.Text)
    practiced_on: Mapped[date] = mapped_column(sa.Date)
    created_at: Mapped[datetime] = mapped_column(Instant, server_default=sa.func.now())
    updated_at: Mapped[datetime] = mapped_column(Instant, server_default=sa.func.now())
    # The default of the database is for processes of the release before while they still run; that of a save
    # is the setting DEFAULT_LANGUAGE (sessions/results.py).
    language: Mapped[str] = mapped_column(sa.Text, server_default="en")
    # That of the learner at the last change.
    version: Mapped[int] = mapped_column(sa.BigInteger, server_default=NO_VERSION)
    fingerprint: Mapped[bytes] = mapped_column(sa.LargeBinary)


class DeletedSession(db.Model):  # type: ignore[name-defined,misc]  # as above
    """A session that was deleted or erased. Its id may never be saved again."""

    __tablename__ = "deleted_sessions"
    __table_args__ = (
        sa.Index("ix_deleted_sessions_version", "user_id", "version", "session_result_id"),
    )

    user_id: Mapped[str] = mapped_column(Uuid, primary_key=True)
    session_result_id: Mapped[str] = mapped_column(Uuid, primary_key=True)
    deleted_at: Mapped[datetime] = mapped_column(Instant)
    version: Mapped[int] = mapped_column(sa.BigInteger, server_default=NO_VERSION)


class ErasedLearner(db.Model):  # type: ignore[name-defined,misc]  # as above
    """A learner whose data was erased. No session completed before may be saved; if `closed`, none at all."""

    __tablename__ = "erased_learners"

    user_id: Mapped[str] = mapped_column(Uuid, primary_key=True)
    erased_at: Mapped[datetime] = mapped_column(Instant)
    closed: Mapped[bool] = mapped_column(sa.Boolean, server_default=sa.false())
    version: Mapped[int] = mapped_column(sa.BigInteger, server_default=NO_VERSION)


class LearnerVersion(db.Model):  # type: ignore[name-defined,misc]  # as above
    """The learner's version: a counter that grows with each change of what is stored about the learner.

    It outlives an erasure, so that no device takes an old version for a new one; a learner without a row has
    version 0. Sessions completed before `kept_since` were removed at `purged_version` and earlier. Another
    `epoch` than before says that a backup was restored, so that versions may mean something else.
    """

    __tablename__ = "learner_versions"

    user_id: Mapped[str] = mapped_column(Uuid, primary_key=True)
    version: Mapped[int] = mapped_column(sa.BigInteger)
    epoch: Mapped[int] = mapped_column(sa.BigInteger, server_default="0")
    kept_since: Mapped[datetime | None] = mapped_column(Instant)
    purged_version: Mapped[int] = mapped_column(sa.BigInteger, server_default="0")
