"""Changes of many learners: on one machine a transaction of all, on several machines one of each learner.

A transaction of several machines would need all of them, and wait for the slowest.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

import sqlalchemy as sa

from vorex_sessions.database import Transaction, run_transaction
from vorex_sessions.flask_config import setting

T = TypeVar("T")


_MOST = 50  # learners of a transaction, which has as long as a query


def portions(learners: Sequence[T]) -> list[Sequence[T]]:
    """The learners of each transaction."""
    size = 1 if setting("DB_DISTRIBUTED") else _MOST
    return [learners[start : start + size] for start in range(0, len(learners), size)]


def change(to_run: Sequence[sa.Executable], learners: Sequence[Mapping[str, Any]]) -> None:
    """Run statements for each learner's parameters, in a transaction. Raises DBAPIError."""
    run_transaction(partial(_work, to_run, learners))


def _work(
    to_run: Sequence[sa.Executable],
    learners: Sequence[Mapping[str, Any]],
    transaction: Transaction,
) -> None:
    *first, last = ((statement, one) for one in learners for statement in to_run)
    for bound in first:
        transaction.defer(*bound)
    transaction.finish(*last)
