"""Reads of any size in constant memory: one moment of the database, in portions, by server-side cursors.

Snapshots have a pool of their own, so that slow downloads never take a connection from a save. PostgreSQL
writes the JSON: three times as fast as building it from Python rows.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import lru_cache
from typing import Any

import psycopg2
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from vorex_sessions.database.connection import Cursor, as_dbapi_error, checkout, retried
from vorex_sessions.database.timeouts import QUERY_TIMEOUT, deadline
from vorex_sessions.extensions import db

POOL = "exports"  # the bind's name in flask_config.py
_FIRST_PORTION = 4  # rows
_LARGEST_PORTION = 50  # rows of up to some 250 kB each; more at once is not faster
_PORTION_SIZE = 64 * 1024  # characters to aim at
_STAMP = 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'  # periods.stamp in PostgreSQL's notation
# A slow reader may take its time between two portions.
_BEGIN = (
    "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; "
    "SET LOCAL idle_in_transaction_session_timeout = '60s'"
)


class Snapshot:
    """A read-only transaction that sees one moment. Must be closed; closing twice does nothing."""

    def __init__(self, pool: str = POOL, timeout: float = QUERY_TIMEOUT) -> None:
        engine, self._timeout = db.engines[pool], timeout
        self.is_of_primary = pool == POOL
        with deadline(timeout):
            self._checkout, self._cursor = retried(lambda: _begin(engine), engine)

    def run(self, statement: sa.Select[Any], parameters: Mapping[str, Any]) -> Sequence[Any]:
        """All rows of a small query, as named tuples. Raises DBAPIError."""
        with _in_time(self._timeout):
            return self._cursor.send([(statement, parameters)])

    def documents(
        self, name: str, rows: sa.Select[Any], parameters: Mapping[str, Any]
    ) -> Iterator[Sequence[str]]:
        """Each row as a JSON object, in portions; `name` is the cursor's. Raises DBAPIError."""
        with _in_time():
            declare = f"DECLARE {name} NO SCROLL CURSOR FOR "
            self._cursor.send([(as_documents(rows), parameters)], declare)
        asked, portion = _FIRST_PORTION, [""] * _FIRST_PORTION
        while len(portion) == asked:
            if size := sum(map(len, portion)):
                asked = min(_LARGEST_PORTION, 1 + _PORTION_SIZE * len(portion) // size)
            with _in_time():
                self._cursor.execute(f"FETCH {asked} FROM {name}")
                portion = [row[0] for row in self._cursor.fetchall()]
            if portion:
                yield portion

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


@lru_cache(maxsize=64)
def as_documents(rows: sa.Select[Any]) -> sa.Select[Any]:
    """Each row as one JSON object in text, its members named like the columns."""
    shown = [
        sa.func.to_char(sa.func.timezone("UTC", column), _STAMP).label(column.name)
        if isinstance(column.type, sa.DateTime)
        else column
        for column in rows.subquery("stored").c
    ]
    document = sa.func.row_to_json(sa.literal_column("document"))
    return sa.select(sa.cast(document, sa.Text)).select_from(sa.select(*shown).subquery("document"))
