"""One query: `run(statement, parameters)`. Several that belong together: transactions.run_transaction.

`Beside`, and `in_snapshot` (one_snapshot.py), change how queries are sent; callers need not know of it.
"""

from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from functools import lru_cache
from typing import Any, Self

import sqlalchemy as sa

from vorex_sessions.database.connection import Cursor, checkout, retried
from vorex_sessions.database.one_snapshot import current_snapshot
from vorex_sessions.database.timeouts import (
    LONG_QUERY_TIMEOUT,
    QUERY_TIMEOUT,
    deadline,
    extend_deadline,
)
from vorex_sessions.extensions import db

# For joins of many thousand rows that may be new. The planner's statistics do not know them yet, and a nested
# loop over what it takes for a few rows would never end.
NO_NESTED_LOOPS = sa.text("SELECT set_config('enable_nestloop', 'off', true)")
_NESTED_LOOPS_AGAIN = "SET LOCAL enable_nestloop TO DEFAULT;"


class Beside:
    """A value that is read beside the first query, as of the same moment.

    `with Beside(column) as read:` holds for the queries of the block; afterwards `read.value` is the value of
    this scalar subquery, or None where the first query had no row that could carry it: beside a later one it
    would be newer than the answer of the first.
    """

    def __init__(self, column: sa.ScalarSelect[Any]) -> None:
        self.column = column
        self.value: Any = None
        self.is_over = False  # whether a later query would be too late

    def __enter__(self) -> Self:
        self._token = _beside.set(self)
        return self

    def __exit__(self, *error: object) -> None:
        _beside.reset(self._token)


_beside: ContextVar[Beside | None] = ContextVar("beside", default=None)


def current_beside() -> Beside | None:
    """The innermost Beside whose block is running."""
    return _beside.get()


def run(statement: sa.Executable, parameters: Mapping[str, Any] | None = None) -> Sequence[Any]:
    """Run one statement; returns all its rows, as named tuples.

    For reads, and for writes that are safe to run twice: on a lost connection it is sent again. Raises
    DBAPIError or PoolTimeout within QUERY_TIMEOUT.
    """
    if snapshot := current_snapshot():
        return _send(snapshot.cursor, statement, parameters or {}, snapshot.before())

    engine = db.engine

    def attempt() -> Sequence[Any]:
        with checkout(engine) as cursor:
            return _send(cursor, statement, parameters or {})

    with deadline(QUERY_TIMEOUT):
        return retried(attempt, engine)


def run_within(
    statement: sa.Executable, parameters: Mapping[str, Any], engine: sa.Engine, *, seconds: float
) -> Sequence[Any]:
    """Like `run`, of any server and outside of snapshots, within so many seconds."""

    def attempt() -> Sequence[Any]:
        with checkout(engine) as cursor:
            return cursor.send([(statement, parameters)])

    with deadline(seconds):
        return retried(attempt, engine)


def run_large(statement: sa.Executable, parameters: Mapping[str, Any]) -> Sequence[Any]:
    """Run a query that joins many thousand rows; like `run`, within LONG_QUERY_TIMEOUT."""
    both = [(NO_NESTED_LOOPS, {}), (statement, parameters)]
    if snapshot := current_snapshot():
        extend_deadline(LONG_QUERY_TIMEOUT)
        return snapshot.cursor.send(both, snapshot.before(_NESTED_LOOPS_AGAIN))

    engine = db.engine

    def attempt() -> Sequence[Any]:
        with checkout(engine) as cursor:
            extend_deadline(LONG_QUERY_TIMEOUT)
            # PostgreSQL runs statements of one text in one transaction, which ends with the text.
            return cursor.send(both)

    with deadline(QUERY_TIMEOUT):
        return retried(attempt, engine)


def _send(
    cursor: Cursor, statement: Any, parameters: Mapping[str, Any], before: str = ""
) -> Sequence[Any]:
    extra = _beside.get()
    if (
        extra is None
        or extra.value is not None
        or extra.is_over
        or not isinstance(statement, sa.Select | sa.CompoundSelect)
    ):
        return cursor.send([(statement, parameters)], before)
    whole = _with(statement, extra.column)
    rows, extra.value = cursor.send_with_extra((whole, parameters), before)
    extra.is_over = current_snapshot() is None  # all queries of a snapshot see the same
    return rows


@lru_cache(maxsize=256)
def _with(
    statement: sa.Select[Any] | sa.CompoundSelect[Any], column: sa.ScalarSelect[Any]
) -> sa.Select[Any]:
    extra = column.label("extra")
    if isinstance(statement, sa.Select):
        return statement.add_columns(extra)
    rows = statement.subquery("rows")
    whole: sa.Select[Any] = sa.select(*rows.c, extra)
    return whole.execution_options(**statement.get_execution_options())
