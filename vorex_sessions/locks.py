"""The lock that every write takes on its learner: one after the other.

Tombstones and ON CONFLICT alone leave a gap: a save that waits for an uncommitted delete of its own
id would store the row beside its tombstone, and one beside an erasure would survive it. The lock is
a statement of its own before the write, so that the write's snapshot is taken once it is held. What is
derived from the sessions can then be read, added to and written back without anyone in between.
"""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

# `:learner_lock` is `key(learner_id)`. Held until the transaction ends. Who waits holds a connection
# of the pool, so nobody waits long: one learner's stuck lock must not stop all the others. It ends
# before waiting.PATIENCE does, which would cost the connection.
_BRIEFLY = "SELECT set_config('lock_timeout', '1s', true)"
EXCLUSIVE = f"{_BRIEFLY}, pg_advisory_xact_lock(:learner_lock);"

# For what may be left to the next one: whether the lock was free, and is held now.
TRIED = sa.text("SELECT pg_try_advisory_xact_lock(:learner_lock) AS taken")


def exclusive(statements: str) -> sa.TextClause:
    """Statements on a learner's data, in one transaction behind the lock."""
    return sa.text(EXCLUSIVE + statements)


def is_taken(error: DBAPIError) -> bool:
    """Whether a statement failed because somebody held the lock."""
    return getattr(error.orig, "pgcode", None) == "55P03"  # lock_not_available


def key(learner_id: str) -> int:
    """The 64 bits that stand for a learner; two who share them only wait for each other."""
    whole = UUID(learner_id).int
    folded = (whole >> 64) ^ (whole & (2**64 - 1))
    return folded - 2**63
