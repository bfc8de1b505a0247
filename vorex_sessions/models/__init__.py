"""The tables, one for each model. Queries use the tables; the models are for Alembic and for reading."""

from typing import Any

import sqlalchemy as sa

from vorex_sessions.models import comparison, derived, insights, live, pages, preferences, sessions
from vorex_sessions.models import events as _events
from vorex_sessions.models.columns import Uuid

# The parameter that every statement on a learner's table has: the learner's id, as text.
USER_ID: sa.BindParameter[str] = sa.bindparam("user_id", type_=Uuid)
# Pages over all learners, in the order of ids, begin after this one.
BEFORE_ALL = "00000000-0000-0000-0000-000000000000"


def _table(model: type[Any]) -> sa.Table:
    table: sa.Table = model.__table__
    return table


session_results = _table(sessions.SessionResult)
# The order of a learner's sessions: ids decide between equal instants.
NEWEST_FIRST = (session_results.c.completed_at.desc(), session_results.c.session_result_id.desc())
deleted_sessions = _table(sessions.DeletedSession)
erased_learners = _table(sessions.ErasedLearner)
learner_versions = _table(sessions.LearnerVersion)
learner_totals = _table(derived.LearnerTotals)
learner_words = _table(derived.LearnerWord)
learner_achievements = _table(derived.LearnerAchievement)
learner_memories = _table(derived.LearnerMemory)
learner_rollups = _table(derived.LearnerRollup)
learner_skills = _table(derived.LearnerSkill)
learner_preferences = _table(preferences.LearnerPreferences)
live_sessions = _table(live.LiveSession)
learner_insight_preferences = _table(insights.LearnerInsightPreferences)
learner_insight_feedback = _table(insights.LearnerInsightFeedback)
insight_wordings = _table(insights.InsightWording)
insight_model_use = _table(insights.InsightModelUse)
cohort_participants = _table(comparison.CohortParticipant)
cohort_snapshots = _table(comparison.CohortSnapshot)
cohort_standings = _table(comparison.CohortStanding)
cohorts = _table(comparison.Cohort)
page_links = _table(pages.PageLink)
page_sessions = _table(pages.PageSession)
share_cards = _table(pages.ShareCard)
events = _table(_events.Event)
event_queues = _table(_events.EventQueue)
event_destinations = _table(_events.EventDestination)
