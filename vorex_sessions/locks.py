"""The lock that every write takes on its learner: shared to save, exclusive to take away.

Tombstones and ON CONFLICT alone leave a gap: a save that waits for an uncommitted delete of its own
id would store the row beside its tombstone, and one beside an erasure would survive it. The lock is
a statement of its own before the write, so that the write's snapshot is taken once it is held.
"""

from uuid import UUID

import sqlalchemy as sa

# `:learner_lock` is `key(learner_id)`. Held until the transaction ends. Who waits holds a connection
# of the pool, so nobody waits long: one learner's stuck lock must not stop all the others. It ends
# before waiting.PATIENCE does, which would cost the connection.
_BRIEFLY = "SELECT set_config('lock_timeout', '1s', true)"
SHARED = f"{_BRIEFLY}, pg_advisory_xact_lock_shared(:learner_lock);"
EXCLUSIVE = f"{_BRIEFLY}, pg_advisory_xact_lock(:learner_lock);"


def shared(statements: str) -> sa.TextClause:
    """Statements that add to a learner's data, in one transaction behind the shared lock."""
    return sa.text(SHARED + statements)


def exclusive(statements: str) -> sa.TextClause:
    """Statements that take away from a learner's data, behind the exclusive lock."""
    return sa.text(EXCLUSIVE + statements)


def key(learner_id: str) -> int:
    """The 64 bits that stand for a learner; two who share them only wait for each other."""
    whole = UUID(learner_id).int
    folded = (whole >> 64) ^ (whole & (2**64 - 1))
    return folded - 2**63
