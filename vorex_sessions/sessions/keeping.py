"""What this capability keeps about a learner: how it is exported, and how it is erased."""

import sqlalchemy as sa

from vorex_sessions.learner_data import Export, of_learner
from vorex_sessions.models import session_results
from vorex_sessions.sessions import results

SESSIONS = Export(
    "sessions",
    of_learner(session_results, *results.COLUMNS).order_by(
        session_results.c.completed_at.desc(), session_results.c.session_result_id.desc()
    ),
)

_ERASE = sa.text("DELETE FROM session_results WHERE user_id = CAST(:user_id AS uuid)")


def erase(connection: sa.Connection, learner_id: str) -> int:
    """Delete every session of a learner; returns how many there were."""
    return int(connection.execute(_ERASE, {"user_id": learner_id}).rowcount)
