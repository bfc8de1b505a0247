"""Tombstones kept apart from backups, to remove again what a restored backup brought back."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import orjson
import sqlalchemy as sa

from vorex_sessions.database import Transaction, as_rows, run_transaction
from vorex_sessions.database.snapshot import Snapshot
from vorex_sessions.flask_config import setting
from vorex_sessions.hooks.registry import registry
from vorex_sessions.sessions import tombstones
from vorex_sessions.sessions.purge_batches import PurgeResult, purge_batches

_LINES = [
    sa.select(*(column for column in table.c if column.name != "version")).order_by(
        *table.primary_key
    )
    for table in tombstones.TABLES
]
_BATCH = 1000  # tombstones
_TIMEOUT = 3600  # seconds for the query that reads every session


def lines() -> Iterator[bytes]:
    """Every tombstone as a line of JSON, to be kept apart from the database's backups."""
    snapshot = Snapshot()
    try:
        for rows in _LINES:
            for portion in snapshot.documents(rows, {}):
                yield from (f"{tombstone}\n".encode() for tombstone in portion)
    finally:
        snapshot.close()


def erase_again(kept: Iterable[bytes] = ()) -> PurgeResult:
    """Remove what a restored backup brought back. Safe to stop, and to run again.

    Uses the tombstones in the database and those in `kept`, in the format of `lines`. Raises ValueError for
    a line that is not a tombstone, and adds nothing of its batch of a thousand.
    """
    rest = iter(kept)
    while batch := list(islice(rest, _BATCH)):
        _add_tombstones([_tombstone(line) for line in batch if line.strip()])
    learners = run_transaction(_remove_restored, timeout=_TIMEOUT)
    return purge_batches(learners, tombstones.IS_RESTORED, {}, by_age=False)


def _remove_restored(transaction: Transaction) -> list[str]:
    """Remove what is not removed with sessions; returns the learners with restored sessions."""
    given = {"is_distributed": setting("DB_DISTRIBUTED")}
    for statement in (*registry().after_restore, tombstones.BEGIN_ANEW):
        transaction.defer(statement, given)
    rows = transaction.run(tombstones.RESTORED_LEARNERS, {})
    return [str(row.user_id) for row in rows]


def _tombstone(line: bytes) -> dict[str, Any]:
    tombstone = orjson.loads(line)
    if not isinstance(tombstone, dict) or not (
        {"user_id", "session_result_id", "deleted_at"} == tombstone.keys()
        or {"user_id", "erased_at", "closed"} == tombstone.keys()
    ):
        raise ValueError("not a tombstone as `flask privacy tombstones` writes them")
    return tombstone


def _add_tombstones(batch: list[dict[str, Any]]) -> None:
    def work(transaction: Transaction) -> None:
        for statement in tombstones.ADD_KEPT:
            transaction.defer(statement, {"rows": as_rows(batch)})

    run_transaction(work)
