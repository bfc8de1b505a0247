"""The learner's own calendar and goals, and what was set when."""

from vorex_sessions.hooks.personal_data import erase_after_restore, export_of
from vorex_sessions.hooks.registry import Capability, registry
from vorex_sessions.hooks.taking_back import TakenBack
from vorex_sessions.models import learner_preferences
from vorex_sessions.preferences.history import WEEK_STARTS, WEEKDAYS, Preferences
from vorex_sessions.preferences.routes import blueprint
from vorex_sessions.preferences.schemas import KeptPreferencesSchema, PreferencesRowSchema

CAPABILITY = Capability(
    blueprints=(blueprint,),
    learner_tables=(learner_preferences,),
    exports=(
        export_of(
            learner_preferences,
            "preferences",
            "What the learner has set, and from which day on; empty where nothing was set.",
            [],
            learner_preferences.c.set_on,
            row=PreferencesRowSchema,
        ),
    ),
    taken_back=(
        TakenBack(
            "preferences",
            learner_preferences,
            KeptPreferencesSchema(),
            key=("set_on",),
            compared=Preferences._fields,
            at="set_at",
            after=lambda: registry().preferences_invalidation,
        ),
    ),
    after_restore=(erase_after_restore(learner_preferences, learner_preferences.c.set_at),),
    enumerations={"Weekday": WEEKDAYS, "WeekStart": WEEK_STARTS},
)
