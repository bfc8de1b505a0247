"""Streaks and achievements."""

from vorex_sessions.growth.projection import GrowthProjection
from vorex_sessions.growth.routes import blueprint
from vorex_sessions.growth.schemas import (
    KEYS,
    TIERS,
    CorrectedExtrasSchema,
    ItemExtrasSchema,
    KeptUnlockSchema,
    SaveExtrasSchema,
    TotalsRowSchema,
    UnlockedSchema,
    WordRowSchema,
)
from vorex_sessions.hooks.personal_data import erase_after_restore, export_of
from vorex_sessions.hooks.registry import Capability
from vorex_sessions.hooks.taking_back import TakenBack
from vorex_sessions.models import learner_achievements, learner_totals, learner_words

_unlocked_at = learner_achievements.c.unlocked_at
_HIDDEN = ("user_id", "counted", "derived_version")  # the marks of what is current

CAPABILITY = Capability(
    blueprints=(blueprint,),
    learner_tables=(learner_achievements, learner_totals, learner_words),
    projections=(GrowthProjection(),),
    exports=(
        export_of(
            *(learner_achievements, "achievements", "Unlocked achievements, oldest first.", []),
            *(_unlocked_at, learner_achievements.c.achievement),
            row=UnlockedSchema,
        ),
        export_of(
            learner_totals,
            "totals",
            "Totals of the sessions, and the streak; empty without sessions.",
            [],
            columns=[column for column in learner_totals.c if column.name not in _HIDDEN],
            row=TotalsRowSchema,
        ),
        export_of(
            learner_words,
            "words",
            "Each word that the learner met.",
            [],
            *(learner_words.c.word, learner_words.c.language),
            row=WordRowSchema,
        ),
    ),
    taken_back=(
        TakenBack(
            "achievements",
            learner_achievements,
            KeptUnlockSchema(),
            key=("achievement",),
            at="unlocked_at",
        ),
    ),
    after_restore=(erase_after_restore(learner_achievements, _unlocked_at),),
    enumerations={"AchievementTier": TIERS, "AchievementKey": KEYS},
    answer_schemas={
        "Saved": SaveExtrasSchema,
        "SavedItem": ItemExtrasSchema,
        "Corrected": CorrectedExtrasSchema,
    },
)
