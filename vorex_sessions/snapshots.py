"""Reading much in constant memory: one moment of the database, in portions, by server-side cursors.

On connections of their own few, so that slow readers never take one from a save.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from vorex_sessions import waiting
from vorex_sessions.extensions import Row, db

POOL = "exports"  # the name of the bind in flask_config.py
_PORTION = 50  # rows: the largest have some 250 kB each, and more at once are not faster
# A slow reader may take its time between two portions.
_BEGIN = (
    "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; "
    "SET LOCAL idle_in_transaction_session_timeout = '60s'"
)


class Snapshot:
    """A read-only transaction that sees one moment. Must be closed; closing twice does nothing."""

    def __init__(self) -> None:
        with waiting.at_most(waiting.PATIENCE):
            self._connection = db.engines[POOL].connect()
            try:
                self._connection.exec_driver_sql(_BEGIN)
            except BaseException:
                self._connection.close()
                raise

    def portions(
        self,
        name: str,
        statement: str,
        parameters: Mapping[str, Any],
        columns: Sequence[sa.Column[Any]],
    ) -> Iterator[Sequence[Row]]:
        """The rows of a SELECT of `columns`, some at a time; `name` is the cursor's. Raises DBAPIError."""
        with waiting.at_most(waiting.PATIENCE):
            declared = sa.text(f"DECLARE {name} NO SCROLL CURSOR FOR {statement}")
            self._connection.execute(declared, parameters)
        fetch = sa.text(f"FETCH {_PORTION} FROM {name}").columns(*columns)
        rows: Sequence[Row] | None = None
        while rows is None or len(rows) == _PORTION:
            with waiting.at_most(waiting.PATIENCE):
                rows = self._connection.execute(fetch).all()
            if rows:
                yield rows

    def close(self) -> None:
        """Give the connection back."""
        if not self._connection.closed:
            # On a connection that broke, SQLAlchemy has its own error for a statement after that.
            with suppress(SQLAlchemyError), waiting.at_most(waiting.PATIENCE):
                self._connection.exec_driver_sql("ROLLBACK")
            self._connection.close()
