"""Erasing everything that is stored about a learner."""

from datetime import datetime

from vorex_sessions import locks
from vorex_sessions.extensions import transaction
from vorex_sessions.privacy import charge

# A tombstone for every id, and one for the learner, against phones that still hold something.
_BURY = locks.exclusive("""
INSERT INTO deleted_sessions (user_id, session_result_id, deleted_at)
SELECT user_id, session_result_id, :now FROM session_results
WHERE user_id = CAST(:user_id AS uuid)
ON CONFLICT (user_id, session_result_id) DO NOTHING;
INSERT INTO erased_learners AS erased (user_id, erased_at, closed)
VALUES (CAST(:user_id AS uuid), :now, :close)
ON CONFLICT (user_id) DO UPDATE SET
    erased_at = greatest(erased.erased_at, excluded.erased_at),
    closed = erased.closed OR excluded.closed
""")
LONGEST = 60  # seconds; 200,000 sessions take about 2


def erase(learner_id: str, *, now: datetime, close: bool = False) -> int:
    """Erase everything stored about a learner; returns how many sessions there were.

    Nothing completed before `now` can be saved afterwards, and with `close` nothing at all.
    """
    parameters = {
        "learner_lock": locks.key(learner_id),
        "user_id": learner_id,
        "now": now,
        "close": close,
    }
    with transaction(LONGEST) as connection:
        connection.execute(_BURY, parameters)
        return sum(eraser(connection, learner_id) for eraser in charge.ERASERS)
