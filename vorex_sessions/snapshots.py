"""Reading much in constant memory: one moment of the database, in portions, by server-side cursors.

On connections of their own few, so that slow readers never take one from a save. PostgreSQL writes the
JSON: three times as fast as making it of Python rows.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from vorex_sessions import waiting
from vorex_sessions.extensions import begun, db

POOL = "exports"  # the name of the bind in flask_config.py
_FIRST = 4  # rows in the first portion,
_MOST = 50  # in any; the largest have some 250 kB each, and more at once are not faster
_PORTION = 64 * 1024  # characters that a portion should have
_STAMP = 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'  # periods.stamp in PostgreSQL's words
# A slow reader may take its time between two portions.
_BEGIN = (
    "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; "
    "SET LOCAL idle_in_transaction_session_timeout = '60s'"
)


class Snapshot:
    """A read-only transaction that sees one moment. Must be closed; closing twice does nothing."""

    def __init__(self) -> None:
        with waiting.at_most(waiting.PATIENCE):
            self._connection = begun(db.engines[POOL], _BEGIN)

    def documents(
        self, name: str, rows: sa.Select[Any], parameters: Mapping[str, Any]
    ) -> Iterator[Sequence[str]]:
        """Each row as a JSON object, some at a time; `name` is the cursor's. Raises DBAPIError."""
        statement = _as_documents(rows).compile(dialect=self._connection.dialect)
        declare = f"DECLARE {name} NO SCROLL CURSOR FOR {statement}"
        with waiting.at_most(waiting.PATIENCE):
            self._connection.exec_driver_sql(declare, statement.construct_params(parameters))
        asked, portion = _FIRST, [""] * _FIRST
        while len(portion) == asked:
            if size := sum(map(len, portion)):
                asked = min(_MOST, 1 + _PORTION * len(portion) // size)
            with waiting.at_most(waiting.PATIENCE):
                fetched = self._connection.exec_driver_sql(f"FETCH {asked} FROM {name}")
                portion = list(fetched.scalars())
            if portion:
                yield portion

    def close(self) -> None:
        """Give the connection back."""
        if not self._connection.closed:
            # On a connection that broke, SQLAlchemy has its own error for a statement after that.
            with suppress(SQLAlchemyError), waiting.at_most(waiting.PATIENCE):
                self._connection.exec_driver_sql("ROLLBACK")
            self._connection.close()


def _as_documents(rows: sa.Select[Any]) -> sa.Select[Any]:
    """Each row as one JSON object in text, its members named like the columns."""
    shown = [
        sa.func.to_char(sa.func.timezone("UTC", column), _STAMP).label(column.name)
        if isinstance(column.type, sa.DateTime)
        else column
        for column in rows.subquery("stored").c
    ]
    document = sa.func.row_to_json(sa.literal_column("document"))
    return sa.select(sa.cast(document, sa.Text)).select_from(sa.select(*shown).subquery("document"))
