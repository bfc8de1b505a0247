"""The order of snapshots: their transactions that write wait for each other, also those of two at once.

The lock is one of the node that is asked. So on a database of several machines snapshots are taken through
the coordinator.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar

import sqlalchemy as sa

from vorex_sessions.database import Transaction, run_transaction

T = TypeVar("T")
LONGEST = 600  # seconds for any one transaction

# So one instant of one clock says what had been counted by then. A key of two numbers never equals a
# learner's.
_LOCK = sa.text("SELECT pg_advisory_xact_lock(7, 1)")
# Without a table: that could have another machine tell the time.
_NOW = sa.text("SELECT clock_timestamp() AS now")
_LATER = sa.text("SELECT 1 FROM cohort_snapshots WHERE day > :day LIMIT 1")


class Overtaken(Exception):
    """The snapshot of a later day has begun."""


@dataclass(frozen=True)
class Turn:
    """A transaction that holds the lock of snapshots, its day, and the instant at which it got the lock."""

    transaction: Transaction
    day: date
    now: datetime

    def run(self, statement: sa.Executable, **parameters: Any) -> Sequence[Any]:
        """Run a statement; it has the day and the instant as parameters, too."""
        return self.transaction.run(statement, {"day": self.day, "now": self.now, **parameters})


def in_turn(today: date, work: Callable[[Turn], T]) -> T:
    """Run `work` with the lock of snapshots. Raises Overtaken: a late snapshot must not undo a newer one."""

    def in_transaction(transaction: Transaction) -> T:
        transaction.defer(_LOCK, {})
        ((now,),) = transaction.run(_NOW, {})
        if transaction.run(_LATER, {"day": today}):
            raise Overtaken("The snapshot of a later day has begun; this one is not needed.")
        return work(Turn(transaction, today, now))

    return run_transaction(in_transaction, timeout=LONGEST)
