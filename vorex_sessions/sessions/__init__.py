"""Session results: save, batch, show, correct, delete, history."""

from vorex_sessions.hooks.personal_data import Export, list_of, of_learner
from vorex_sessions.hooks.registry import Capability
from vorex_sessions.models import deleted_sessions, erased_learners, session_results
from vorex_sessions.sessions import results
from vorex_sessions.sessions.routes import blueprint
from vorex_sessions.sessions.schemas import SessionResultSchema
from vorex_sessions.sessions.tombstone_schemas import DeletedSchema, ErasureSchema
from vorex_sessions.web.answer_fields import SESSION_ID, STAMP

_s, _deleted, _erased = session_results.c, deleted_sessions.c, erased_learners.c

CAPABILITY = Capability(
    blueprints=(blueprint,),
    learner_tables=(session_results,),
    other_tables=(deleted_sessions, erased_learners),
    exports=(
        Export(
            "sessions",
            of_learner(session_results, *results.COLUMNS).order_by(
                _s.completed_at.desc(), _s.session_result_id.desc()
            ),
            list_of(SessionResultSchema, "Every session, newest first.", []),
        ),
        Export(
            "deleted_sessions",
            of_learner(deleted_sessions, _deleted.session_result_id, _deleted.deleted_at).order_by(
                _deleted.deleted_at, _deleted.session_result_id
            ),
            list_of(
                DeletedSchema,
                "Ids and times of deleted sessions.",
                [{"session_result_id": SESSION_ID, "deleted_at": STAMP}],
            ),
        ),
        Export(
            "erasures",
            of_learner(erased_learners, _erased.erased_at, _erased.closed),
            list_of(
                ErasureSchema,
                "The last erasure; empty without one.",
                [{"erased_at": STAMP, "closed": False}],
            ),
        ),
    ),
)
