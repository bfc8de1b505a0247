"""Tombstones: what is gone for good. Kept outside of backups, they make a restored one forget again."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import orjson
import sqlalchemy as sa

from vorex_sessions.extensions import transaction
from vorex_sessions.learner_data import Export, of_learner
from vorex_sessions.models import deleted_sessions, erased_learners
from vorex_sessions.privacy import charge, removal
from vorex_sessions.privacy.removal import Removed
from vorex_sessions.snapshots import Snapshot

DELETED = Export(
    "deleted_sessions",
    of_learner(
        deleted_sessions, deleted_sessions.c.session_result_id, deleted_sessions.c.deleted_at
    ).order_by(deleted_sessions.c.deleted_at, deleted_sessions.c.session_result_id),
)
ERASED = Export(
    "erasures",
    of_learner(erased_learners, erased_learners.c.erased_at, erased_learners.c.closed),
)

_TABLES = (deleted_sessions, erased_learners)
_BATCH = 1000  # tombstones
_LONGEST = 3600  # seconds for the one question that looks at every session

_BURY_SESSIONS = sa.text("""
INSERT INTO deleted_sessions (user_id, session_result_id, deleted_at)
SELECT user_id, session_result_id, deleted_at FROM jsonb_to_recordset(CAST(:lines AS jsonb))
    AS line (user_id uuid, session_result_id uuid, deleted_at timestamptz)
WHERE session_result_id IS NOT NULL
ON CONFLICT (user_id, session_result_id) DO NOTHING
""")
_BURY_LEARNERS = sa.text("""
INSERT INTO erased_learners AS erased (user_id, erased_at, closed)
SELECT user_id, max(erased_at), bool_or(closed) FROM jsonb_to_recordset(CAST(:lines AS jsonb))
    AS line (user_id uuid, erased_at timestamptz, closed boolean)
WHERE erased_at IS NOT NULL
GROUP BY user_id
ON CONFLICT (user_id) DO UPDATE SET
    erased_at = greatest(erased.erased_at, excluded.erased_at),
    closed = erased.closed OR excluded.closed
""")
# By `created_at`, too: one that was saved after the erasure may have been corrected to before it.
_RISEN = sa.text("""
SELECT session.user_id FROM session_results AS session
JOIN deleted_sessions AS deleted USING (user_id, session_result_id)
UNION
SELECT session.user_id FROM session_results AS session
JOIN erased_learners AS erased USING (user_id)
WHERE erased.closed
    OR (session.completed_at <= erased.erased_at AND session.created_at <= erased.erased_at)
""").columns(deleted_sessions.c.user_id)
_LAY_TO_REST = """
    EXISTS (
        SELECT FROM deleted_sessions AS deleted
        WHERE deleted.user_id = CAST(:user_id AS uuid)
            AND deleted.session_result_id = session.session_result_id)
    OR EXISTS (
        SELECT FROM erased_learners AS erased
        WHERE erased.user_id = CAST(:user_id AS uuid)
            AND (erased.closed OR (
                session.completed_at <= erased.erased_at
                AND session.created_at <= erased.erased_at)))
"""


def lines() -> Iterator[bytes]:
    """Every tombstone as a line of JSON, to be kept apart from the database's backups."""
    snapshot = Snapshot()
    try:
        for table in _TABLES:
            for portion in snapshot.documents(table.name, sa.select(table), {}):
                yield from (f"{tombstone}\n".encode() for tombstone in portion)
    finally:
        snapshot.close()


def replay(kept: Iterable[bytes] = ()) -> Removed:
    """Bury again what a restored backup brought back. May be stopped, and run again.

    By the tombstones in the database and those in `kept`, lines as `lines` writes them. Raises
    ValueError for a line that is none, and changes nothing of that thousand.
    """
    rest = iter(kept)
    while batch := list(islice(rest, _BATCH)):
        _bury([_tombstone(line) for line in batch if line.strip()])
    with transaction(_LONGEST) as connection:
        for reburial in charge.REBURIALS:
            connection.execute(reburial)
        risen = [str(row.user_id) for row in connection.execute(_RISEN)]
    return removal.remove(risen, _LAY_TO_REST, {})


def _tombstone(line: bytes) -> dict[str, Any]:
    tombstone = orjson.loads(line)
    if not isinstance(tombstone, dict) or not (
        {"user_id", "session_result_id", "deleted_at"} == tombstone.keys()
        or {"user_id", "erased_at", "closed"} == tombstone.keys()
    ):
        raise ValueError("not a tombstone as `flask privacy tombstones` writes them")
    return tombstone


def _bury(batch: list[dict[str, Any]]) -> None:
    parameters = {"lines": orjson.dumps(batch).decode()}
    with transaction() as connection:
        connection.execute(_BURY_SESSIONS, parameters)
        connection.execute(_BURY_LEARNERS, parameters)
