"""Insights: what is worth telling a learner, chosen by rules with evidence, each with its facts."""

from vorex_sessions.hooks.personal_data import erase_after_restore, export_of
from vorex_sessions.hooks.registry import Capability
from vorex_sessions.hooks.taking_back import TakenBack
from vorex_sessions.insights.cli import insights as commands
from vorex_sessions.insights.facts import ACTIONS, PERIODS, UNITS
from vorex_sessions.insights.routes import blueprint
from vorex_sessions.insights.rules import KINDS
from vorex_sessions.insights.schemas import (
    COMPARED,
    WORDINGS,
    FeedbackRowSchema,
    InsightPreferencesRowSchema,
    KeptFeedbackSchema,
    KeptInsightPreferencesSchema,
)
from vorex_sessions.insights.service import STATUSES, VERDICTS
from vorex_sessions.insights.wording import TONES
from vorex_sessions.models import (
    insight_model_use,
    insight_wordings,
    learner_insight_feedback,
    learner_insight_preferences,
)

_feedback, _preferences = learner_insight_feedback.c, learner_insight_preferences.c

CAPABILITY = Capability(
    blueprints=(blueprint,),
    learner_tables=(learner_insight_preferences, learner_insight_feedback),
    other_tables=(insight_wordings, insight_model_use),
    exports=(
        export_of(
            learner_insight_preferences,
            "insight_preferences",
            "What the learner has set for insights; empty where nothing was set.",
            [],
            columns=(_preferences.model, _preferences.tone, _preferences.set_at),
            row=InsightPreferencesRowSchema,
        ),
        export_of(
            learner_insight_feedback,
            "insight_feedback",
            "What the learner has said of insights, the last word on each topic.",
            [],
            _feedback.topic,
            columns=(_feedback.insight_id, _feedback.verdict, _feedback.given_at),
            row=FeedbackRowSchema,
        ),
    ),
    taken_back=(
        TakenBack(
            "insight_preferences",
            learner_insight_preferences,
            KeptInsightPreferencesSchema(),
            compared=("model", "tone"),
            at="set_at",
        ),
        TakenBack(
            "insight_feedback",
            learner_insight_feedback,
            KeptFeedbackSchema(),
            key=("topic",),
            compared=("insight_id", "verdict"),
            at="given_at",
        ),
    ),
    after_restore=(
        erase_after_restore(learner_insight_preferences, _preferences.set_at),
        erase_after_restore(learner_insight_feedback, _feedback.given_at),
    ),
    enumerations={
        "WeekOrMonth": COMPARED,
        "InsightKind": KINDS,
        "InsightAction": ACTIONS,
        "InsightStatus": STATUSES,
        "InsightTone": TONES,
        "InsightVerdict": VERDICTS,
        "InsightWording": WORDINGS,
        "FactUnit": UNITS,
        "FactPeriod": PERIODS,
    },
    commands=(commands,),
)
