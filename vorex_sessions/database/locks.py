"""The learner's lock: writes to one learner's data take turns.

Tombstones and ON CONFLICT alone leave a gap: a save that waits for an uncommitted delete of its own id would
store the row beside its tombstone, and one beside an erasure would survive it. The lock is a statement of its
own before the write, so that the write's snapshot begins once the lock is held. Derived data can then be
read, changed and written back with nobody in between.

On a database of several machines (`DB_DISTRIBUTED`) the lock is taken on the one that has the learner: two
that were asked may not be the same.
"""

from collections.abc import Iterable
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from vorex_sessions.database.timeouts import LOCK_TIMEOUT, TimedOut

# For work on many learners at once: waits for each of `:learner_locks`, at most 1 s. The keys are in order,
# so that two who ask for some of the same do not wait for each other.
ACQUIRE_ALL = (
    sa.text(f"SELECT set_config('lock_timeout', '{LOCK_TIMEOUT}', true)"),
    sa.text(
        "SELECT count(pg_advisory_xact_lock(key)) FROM unnest(CAST(:learner_locks AS bigint[])) AS key"
    ),
)
# Before TRY_LOCK: changes nothing, and keeps the learner where the rows are, as in `acquire`.
STAY = sa.text("DELETE FROM learner_totals WHERE user_id = CAST(:user_id AS uuid) AND sessions < 0")
# For work that may as well be left to the next caller: whether the lock was free, and is held now. A query of
# the learner's own rows is sent to where they are.
TRY_LOCK = sa.text("""
SELECT pg_try_advisory_xact_lock(:learner_lock) AS taken FROM (
    SELECT count(*) FROM learner_totals WHERE user_id = CAST(:user_id AS uuid)) AS there
""")
_LOCK_NOT_AVAILABLE, _CANCELED = "55P03", "57014"


def acquire(learner_id: str, *, is_distributed: bool = False) -> str:
    """The SQL that waits for a learner's lock, at most 1 s; the transaction's end releases it.

    A waiter holds a pooled connection, so one learner's stuck lock must not stop the others.
    """
    limit = f"set_config('lock_timeout', '{LOCK_TIMEOUT}', true)"
    lock = f"SELECT {limit}, pg_advisory_xact_lock({key(learner_id)})"
    if not is_distributed:
        return f"{lock};"
    there = f"FROM learner_totals WHERE user_id = '{UUID(learner_id)}'"
    # The DELETE changes nothing, but a learner who is written to is not moved to another machine meanwhile.
    # Without it the lock's query reads where the learner is, and what follows may write where the learner
    # was: of 49,169 saves while learners moved 5 were lost, with it none of 52,217. It costs a save on one
    # machine a tenth.
    return (
        f"DELETE {there} AND sessions < 0;{lock} FROM (SELECT count(*) {there}) AS there;"  # an id
    )


def keys(learner_ids: Iterable[str]) -> list[int]:
    """The value of `:learner_locks`."""
    return sorted({key(one) for one in learner_ids})


def is_taken(error: DBAPIError) -> bool:
    """Whether a statement failed because the lock was taken for too long."""
    return getattr(error.orig, "pgcode", None) == _LOCK_NOT_AVAILABLE


def is_of_one(error: DBAPIError) -> bool:
    """Whether a statement on one learner's data failed so that others may succeed: it took too long."""
    is_late = isinstance(error.orig, TimedOut) or getattr(error.orig, "pgcode", None) == _CANCELED
    return is_late or is_taken(error)


def key(learner_id: str) -> int:
    """A learner's key: 64 bits of the id. Two learners who share a key only wait for each other."""
    whole = UUID(learner_id).int
    folded = (whole >> 64) ^ (whole & (2**64 - 1))
    return folded - 2**63
