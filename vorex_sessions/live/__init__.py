"""Live sessions: practice that goes on, until it is saved, cancelled or gone."""

from vorex_sessions.hooks.personal_data import erase_after_restore, export_of
from vorex_sessions.hooks.registry import Capability
from vorex_sessions.hooks.save_removals import SaveRemoval
from vorex_sessions.live import hub, states, store
from vorex_sessions.live.cli import live as commands
from vorex_sessions.live.routes import blueprint
from vorex_sessions.live.schemas import LiveRowSchema
from vorex_sessions.models import live_sessions

CAPABILITY = Capability(
    blueprints=(blueprint,),
    learner_tables=(live_sessions,),
    # Heartbeats raise no version: they would make every answer of the app's home screen look changed.
    unversioned_tables=(live_sessions,),
    save_removals=(SaveRemoval(store.HAS_ANY, store.REMOVE_SAVED, hub.after_save),),
    exports=(
        export_of(
            live_sessions,
            "live_sessions",
            "Practice that is not saved yet, as the newest heartbeat has it.",
            [],
            *(live_sessions.c.started_at, live_sessions.c.session_result_id),
            row=LiveRowSchema,
        ),
    ),
    after_restore=(erase_after_restore(live_sessions, live_sessions.c.created_at),),
    after_erasure=(hub.after_erasure,),
    enumerations={"LiveState": states.SHOWN},
    commands=(commands,),
)
