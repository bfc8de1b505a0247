"""What this capability keeps about a learner: how it is exported, and how it is erased."""

import sqlalchemy as sa

from vorex_sessions.learner_data import Export
from vorex_sessions.sessions import results

SESSIONS = Export(
    "sessions",
    f"SELECT {', '.join(results.NAMES)} FROM session_results "  # noqa: S608  # names of our columns
    "WHERE user_id = CAST(:user_id AS uuid) ORDER BY completed_at DESC, session_result_id DESC",
    results.COLUMNS,
    results.as_json,
)

_ERASE = sa.text("DELETE FROM session_results WHERE user_id = CAST(:user_id AS uuid)")


def erase(connection: sa.Connection, learner_id: str) -> int:
    """Delete every session of a learner; returns how many there were."""
    return int(connection.execute(_ERASE, {"user_id": learner_id}).rowcount)
