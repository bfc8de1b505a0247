"""One query: `run(statement, parameters)`. Several that belong together: transactions.run_transaction."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from vorex_sessions.database.connection import checkout, retried
from vorex_sessions.database.timeouts import QUERY_TIMEOUT, deadline
from vorex_sessions.extensions import db


def run(statement: sa.Executable, parameters: Mapping[str, Any] | None = None) -> Sequence[Any]:
    """Run one statement; returns all its rows, as named tuples.

    For reads, and for writes that are safe to run twice: on a lost connection it is sent again. Raises
    DBAPIError or PoolTimeout within QUERY_TIMEOUT.
    """

    def attempt() -> Sequence[Any]:
        with checkout(db.engine) as cursor:
            return cursor.send([(statement, parameters or {})])

    with deadline(QUERY_TIMEOUT):
        return retried(attempt, db.engine)
