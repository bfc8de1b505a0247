"""Erasing everything that is stored about a learner: all rows of every capability's `learner_tables`."""

from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache

import sqlalchemy as sa

from vorex_sessions.database import Transaction, run_transaction
from vorex_sessions.hooks import events, versions
from vorex_sessions.hooks.registry import registry
from vorex_sessions.models import USER_ID, session_results
from vorex_sessions.sessions import tombstones

_COUNT = sa.select(sa.func.count().label("sessions")).where(session_results.c.user_id == USER_ID)
# A tombstone for every id: phones that still have a session cannot save it again.
_ADD_TOMBSTONES = tombstones.add_tombstones()
TIMEOUT = 60  # seconds; 200,000 sessions take about 2


def erase(learner_id: str, *, now: datetime, close: bool = False) -> int:
    """Erase everything stored about a learner; returns how many sessions there were.

    Nothing completed before `now` can be saved afterwards, and with `close` nothing at all.
    """
    parameters = {"user_id": learner_id, "now": now, "close": close}

    def work(transaction: Transaction) -> int:
        count: int = transaction.run(_COUNT, parameters)[0].sessions
        deletions = _deletions(registry().learner_tables)
        first = (versions.RAISE, _ADD_TOMBSTONES, tombstones.ADD_ERASURE)
        for statement in (*first, *deletions):
            transaction.defer(statement, parameters)
        events.record_erasure(transaction, learner_id)
        return count

    count = run_transaction(work, learner_id=learner_id, timeout=TIMEOUT)
    for tell in registry().after_erasure:
        tell(learner_id)
    return count


@lru_cache(maxsize=4)
def _deletions(tables: Iterable[sa.Table]) -> list[sa.Delete]:
    return [sa.delete(table).where(table.c.user_id == USER_ID) for table in tables]
