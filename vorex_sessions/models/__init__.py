"""The tables, and the limits of their values.

`SessionResult` is a model for Alembic; queries use its table, `session_results`.
"""

from typing import Any

import sqlalchemy as sa

from vorex_sessions.models.columns import USER_ID
from vorex_sessions.models.comparison import (
    Cohort,
    CohortParticipant,
    CohortSnapshot,
    CohortStanding,
)
from vorex_sessions.models.derived import (
    LearnerAchievement,
    LearnerMemory,
    LearnerRollup,
    LearnerSkill,
    LearnerTotals,
    LearnerWord,
)
from vorex_sessions.models.sessions import (
    FINGERPRINT_BYTES,
    LARGEST_DURATION,
    LARGEST_WORDS,
    MOST_SKILLS,
    MOST_TOPICS,
    MOST_VOCABULARY,
    OUTCOMES,
    SESSION_TYPES,
    TOPIC_LENGTH,
    WORD_LENGTH,
    DeletedSession,
    ErasedLearner,
    SessionResult,
)

__all__ = [
    "FINGERPRINT_BYTES",
    "LARGEST_DURATION",
    "LARGEST_WORDS",
    "MOST_SKILLS",
    "MOST_TOPICS",
    "MOST_VOCABULARY",
    "OUTCOMES",
    "SESSION_TYPES",
    "TOPIC_LENGTH",
    "USER_ID",
    "WORD_LENGTH",
    "Cohort",
    "CohortParticipant",
    "CohortSnapshot",
    "CohortStanding",
    "DeletedSession",
    "ErasedLearner",
    "LearnerAchievement",
    "LearnerMemory",
    "LearnerRollup",
    "LearnerSkill",
    "LearnerTotals",
    "LearnerWord",
    "SessionResult",
    "cohort_participants",
    "cohort_snapshots",
    "cohort_standings",
    "cohorts",
    "deleted_sessions",
    "erased_learners",
    "learner_achievements",
    "learner_memories",
    "learner_rollups",
    "learner_skills",
    "learner_totals",
    "learner_words",
    "session_results",
]


def _table(model: type[Any]) -> sa.Table:
    table: sa.Table = model.__table__
    return table


session_results = _table(SessionResult)
deleted_sessions = _table(DeletedSession)
erased_learners = _table(ErasedLearner)
learner_totals = _table(LearnerTotals)
learner_words = _table(LearnerWord)
learner_achievements = _table(LearnerAchievement)
learner_memories = _table(LearnerMemory)
learner_rollups = _table(LearnerRollup)
learner_skills = _table(LearnerSkill)
cohort_participants = _table(CohortParticipant)
cohort_snapshots = _table(CohortSnapshot)
cohort_standings = _table(CohortStanding)
cohorts = _table(Cohort)
