"""Reads of any size in constant memory: one moment of the database, in portions.

Snapshots have a pool of their own, so that slow downloads never take a connection from a save.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import lru_cache
from typing import Any

import psycopg2
import sqlalchemy as sa
from flask import current_app
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql import operators

from vorex_sessions.database.connection import Cursor, as_dbapi_error, checkout, retried
from vorex_sessions.database.documents import DOCUMENT, as_documents, members_of
from vorex_sessions.database.prepared_statements import prepared
from vorex_sessions.database.timeouts import QUERY_TIMEOUT, deadline
from vorex_sessions.extensions import db

POOL = "exports"  # the bind's name in flask_config.py
_FIRST_PORTION = 4  # rows
_LARGEST_PORTION = 50  # rows of up to some 250 kB each; more at once is not faster
_PORTION_SIZE = 64 * 1024  # characters to aim at
# A slow reader may take its time between two portions.
_BEGIN = (
    "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; "
    "SET LOCAL idle_in_transaction_session_timeout = '60s'"
)

_Read = Callable[[int], list[str]]  # at most so many documents


class Snapshot:
    """A read-only transaction that sees one moment. Must be closed; closing twice does nothing."""

    def __init__(self, pool: str = POOL, timeout: float = QUERY_TIMEOUT) -> None:
        engine, self._timeout = db.engines[pool], timeout
        self.is_of_primary = pool == POOL
        self._is_distributed = current_app.config["DB_DISTRIBUTED"]
        self._declared = 0  # cursors
        with deadline(timeout):
            self._checkout, self._cursor = retried(lambda: _begin(engine), engine)

    def run(self, statement: sa.Select[Any], parameters: Mapping[str, Any]) -> Sequence[Any]:
        """All rows of a small query, as named tuples. Raises DBAPIError."""
        with _in_time(self._timeout):
            return self._cursor.send([(statement, parameters)])

    def documents(
        self, rows: sa.Select[Any], parameters: Mapping[str, Any]
    ) -> Iterator[Sequence[str]]:
        """Each row as a JSON object, in portions. Raises DBAPIError.

        In the order of `rows`, of which no two may have the same place; without one, all that there are.
        """
        read = (self._pages if self._is_distributed else self._fetches)(rows, parameters)
        asked = _FIRST_PORTION
        while portion := read(asked):
            yield portion
            if len(portion) < asked:
                return
            asked = min(
                _LARGEST_PORTION, 1 + _PORTION_SIZE * len(portion) // sum(map(len, portion))
            )

    def _fetches(self, rows: sa.Select[Any], parameters: Mapping[str, Any]) -> _Read:
        """The next documents, by a cursor."""
        self._declared += 1
        name = f"documents_{self._declared}"
        with _in_time():
            declare = f"DECLARE {name} NO SCROLL CURSOR FOR "
            self._cursor.send([(as_documents(rows), parameters)], declare)

        def read(asked: int) -> list[str]:
            with _in_time():
                self._cursor.execute(f"FETCH {asked} FROM {name}")
                return [row[0] for row in self._cursor.fetchall()]

        return read

    def _pages(self, rows: sa.Select[Any], parameters: Mapping[str, Any]) -> _Read:
        """The next documents, by a query for what comes after the last one.

        For several machines: they collect all that a cursor will ever tell before the first row.
        """
        after: dict[str, Any] | None = {}

        def read(asked: int) -> list[str]:
            nonlocal after
            if after is None:
                return []
            found = self.run(_page(rows, bool(after)), {**parameters, **after, "portion": asked})
            place = found[-1][1:] if found else ()
            after = {f"after_{n}": value for n, value in enumerate(place)} or None
            return [row[0] for row in found]

        return read

    def close(self) -> None:
        """Give the connection back."""
        if not self._cursor.closed:
            with suppress(DBAPIError), _in_time():  # the connection may be gone
                self._cursor.execute("ROLLBACK")
            self._checkout.close()


def _begin(engine: sa.Engine) -> tuple[ExitStack, Cursor]:
    """A cursor in a transaction, and what gives its connection back."""
    with ExitStack() as stack:
        cursor = stack.enter_context(checkout(engine))
        cursor.execute(_BEGIN)
        return stack.pop_all(), cursor


@contextmanager
def _in_time(timeout: float = QUERY_TIMEOUT) -> Iterator[None]:
    """Raises DBAPIError for what psycopg2 raises, within so many seconds."""
    try:
        with deadline(timeout):
            yield
    except psycopg2.Error as error:
        raise as_dbapi_error(error) from error


@lru_cache(maxsize=128)
def _page(rows: sa.Select[Any], is_next: bool) -> sa.Select[Any]:
    """So many documents, each with the columns of its place; the next ones after a place."""
    order = [_column_of(clause) for clause in rows._order_by_clauses]
    if not order:
        return as_documents(rows)
    columns = [column for column, _ in order]
    if is_next:
        place = sa.tuple_(*columns)
        after = sa.tuple_(
            *(sa.bindparam(f"after_{n}", type_=one.type) for n, one in enumerate(columns))
        )
        rows = rows.where(place < after if order[0][1] else place > after)
    page = rows.limit(sa.bindparam("portion", type_=sa.Integer))
    return prepared(_with_places(page, columns))


def _column_of(clause: Any) -> tuple[sa.Column[Any], bool]:
    """The column of an ORDER BY, and whether it descends."""
    descends = getattr(clause, "modifier", None) is operators.desc_op
    return (clause.element if descends else clause), descends


def _with_places(rows: sa.Select[Any], place: Sequence[sa.Column[Any]]) -> sa.Select[Any]:
    """The same, and the columns of its place beside each."""
    names = [column.name for column in rows.selected_columns]
    hidden = (column for column in place if column.name not in names)
    stored = rows.add_columns(*hidden).subquery("stored")
    members = members_of(stored, names)
    whole = sa.select(DOCUMENT, *(stored.c[column.name] for column in place))
    return whole.select_from(stored.join(members, sa.true()))
