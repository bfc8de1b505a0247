"""The tables, and the limits of what they hold."""

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

session_results = SessionResult.__table__
deleted_sessions = DeletedSession.__table__
erased_learners = ErasedLearner.__table__
learner_totals = LearnerTotals.__table__
learner_words = LearnerWord.__table__
learner_achievements = LearnerAchievement.__table__
learner_memories = LearnerMemory.__table__
learner_rollups = LearnerRollup.__table__
learner_skills = LearnerSkill.__table__
cohort_participants = CohortParticipant.__table__
cohort_standings = CohortStanding.__table__
cohorts = Cohort.__table__
