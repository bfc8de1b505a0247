"""One query: `run(statement, parameters)`. Several that belong together: transactions.run_transaction.

`beside` and `one_snapshot` change how the queries of a block are sent, for callers who know nothing of it.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from vorex_sessions.database.connection import Cursor, checkout, retried
from vorex_sessions.database.timeouts import QUERY_TIMEOUT, deadline
from vorex_sessions.extensions import db


class Beside:
    """A scalar subquery whose value is read beside the first query of a block."""

    def __init__(self, column: sa.ScalarSelect[Any]) -> None:
        self.column = column
        self.value: Any = None  # None: not read yet


_beside: ContextVar[Beside | None] = ContextVar("beside", default=None)
_snapshot: ContextVar[Cursor | None] = ContextVar("snapshot", default=None)


def run(statement: sa.Executable, parameters: Mapping[str, Any] | None = None) -> Sequence[Any]:
    """Run one statement; returns all its rows, as named tuples.

    For reads, and for writes that are safe to run twice: on a lost connection it is sent again. Raises
    DBAPIError or PoolTimeout within QUERY_TIMEOUT.
    """
    if (cursor := _snapshot.get()) is not None:
        return _send(cursor, statement, parameters or {})

    def attempt() -> Sequence[Any]:
        with checkout(db.engine) as cursor:
            return _send(cursor, statement, parameters or {})

    with deadline(QUERY_TIMEOUT):
        return retried(attempt, db.engine)


def _send(cursor: Cursor, statement: Any, parameters: Mapping[str, Any]) -> Sequence[Any]:
    extra = _beside.get()
    if (
        extra is None
        or extra.value is not None
        or not isinstance(statement, sa.Select | sa.CompoundSelect)
    ):
        return cursor.send([(statement, parameters)])
    rows, extra.value = cursor.send_with_extra((_with(statement, extra.column), parameters))
    return rows


@contextmanager
def beside(column: sa.ScalarSelect[Any]) -> Iterator[Beside]:
    """In this block, the first query that has rows also reads the value of `column`, in the same snapshot."""
    extra = Beside(column)
    token = _beside.set(extra)
    try:
        yield extra
    finally:
        _beside.reset(token)


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


@contextmanager
def one_snapshot() -> Iterator[None]:
    """In this block, all queries read one moment of the database, on one connection."""
    with deadline(QUERY_TIMEOUT), checkout(db.engine) as cursor:
        cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        token = _snapshot.set(cursor)
        try:
            yield
        finally:
            _snapshot.reset(token)
        cursor.execute("COMMIT")
