"""Statistics, the daily breakdown, the rhythm and the warm-up."""

from vorex_sessions.hooks.personal_data import erase_after_restore, export_of
from vorex_sessions.hooks.registry import Capability
from vorex_sessions.models import learner_rollups
from vorex_sessions.preferences.history import WEEKDAYS
from vorex_sessions.progress.rhythm import PERIODS
from vorex_sessions.progress.rollups import RollupProjection
from vorex_sessions.progress.routes import blueprint
from vorex_sessions.progress.stats_schemas import COUNTED_PERIODS, STATS_PERIODS, RollupRowSchema

CAPABILITY = Capability(
    blueprints=(blueprint,),
    learner_tables=(learner_rollups,),
    projections=(RollupProjection(),),
    exports=[
        export_of(
            learner_rollups,
            "rollups",
            "Stored sums of older sessions, where they are many; else empty.",
            [],
            row=RollupRowSchema,
        )
    ],
    enumerations={
        "StatsPeriod": STATS_PERIODS,
        "CountedPeriod": COUNTED_PERIODS,
        "RhythmPeriod": PERIODS,
        "Weekday": WEEKDAYS,
    },
    after_restore=(erase_after_restore(learner_rollups, learner_rollups.c.before),),
)
