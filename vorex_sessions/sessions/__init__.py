"""Session results: save, batch, show, correct, delete, history."""

from vorex_sessions.hooks.personal_data import export_of
from vorex_sessions.hooks.registry import Capability
from vorex_sessions.hooks.taking_back import TakenBack
from vorex_sessions.models import (
    deleted_sessions,
    erased_learners,
    learner_versions,
    limits,
    session_results,
)
from vorex_sessions.sessions import results, tombstones
from vorex_sessions.sessions.routes import blueprint
from vorex_sessions.sessions.saved_schemas import STATUSES
from vorex_sessions.sessions.schemas import SessionResultSchema
from vorex_sessions.sessions.tombstone_schemas import (
    DeletedSchema,
    ErasureSchema,
    KeptDeletionSchema,
)
from vorex_sessions.skill_graph import KEYS

_s, _deleted, _erased = session_results.c, deleted_sessions.c, erased_learners.c

CAPABILITY = Capability(
    blueprints=(blueprint,),
    learner_tables=(session_results,),
    other_tables=(deleted_sessions, erased_learners, learner_versions),
    exports=(
        export_of(
            *(session_results, "sessions", "Every session, newest first.", []),
            *(_s.completed_at.desc(), _s.session_result_id.desc()),
            columns=results.COLUMNS,
            row=SessionResultSchema,
        ),
        export_of(
            *(deleted_sessions, "deleted_sessions", "Ids and times of deleted sessions."),
            [],
            *(_deleted.deleted_at, _deleted.session_result_id),
            columns=(_deleted.session_result_id, _deleted.deleted_at),
            row=DeletedSchema,
        ),
        export_of(
            *(erased_learners, "erasures", "The last erasure; empty without one."),
            [],
            columns=(_erased.erased_at, _erased.closed),
            row=ErasureSchema,
        ),
    ),
    taken_back=(
        TakenBack(
            "deleted_sessions",
            deleted_sessions,
            KeptDeletionSchema(),
            key=("session_result_id",),
            is_blocked=tombstones.is_stored,
        ),
    ),
    enumerations={
        "SessionType": limits.SESSION_TYPES,
        "ExerciseOutcome": limits.OUTCOMES,
        "SkillKey": KEYS,
        "SavedStatus": STATUSES,
    },
)
