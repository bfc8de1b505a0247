"""A pooled connection as a plain psycopg2 cursor: what queries.py, transactions.py and snapshot.py share.

SQLAlchemy builds and compiles the statements and keeps the pool. Its own execution would take as long as the
query itself (docs/performance.md).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from operator import itemgetter
from typing import Any, TypeVar

import psycopg2
import sqlalchemy as sa
from psycopg2.extensions import TRANSACTION_STATUS_IDLE, cursor
from psycopg2.extras import NamedTupleCursor
from sqlalchemy.exc import DBAPIError

from vorex_sessions.database import faults
from vorex_sessions.database.compiled import Compiled, compiled
from vorex_sessions.database.prepared_statements import PREPARED, PreparedStatements
from vorex_sessions.database.timeouts import TimedOut
from vorex_sessions.turns import checkpoint

T = TypeVar("T")
_PORTION = 20  # rows, each of up to some 250 kB
_WITHOUT_LAST = itemgetter(slice(-1))
# A statement with the values of its parameters.
Bound = tuple[sa.Executable, Mapping[str, Any]]


class Cursor(NamedTupleCursor):
    """A cursor that knows the prepared statements of its connection."""

    prepared_statements: PreparedStatements
    _last: Compiled | None  # the statement whose rows are there, where it is known

    def execute(self, query: Any, vars: Any = None) -> None:
        """Send a text as it is."""
        self.Record = None  # as NamedTupleCursor does, without its call in between
        cursor.execute(self, query, vars)

    def send(self, statements: Sequence[Bound], before: str = "", after: str = "") -> Sequence[Any]:
        """Execute statements in one round trip; returns the rows of the last one, as named tuples."""
        self._execute_all(statements, before, after)
        if not self.description:
            return ()
        rows: list[Any] = []
        for portion in self._portions():
            if portion:
                rows += map(self._maker(len(portion[0])), portion)
        return rows

    def send_with_extra(self, statement: Bound, before: str = "") -> tuple[Sequence[Any], Any]:
        """Execute a query with an extra last column; returns its rows without it, and its value.

        Without any row, there is no value: None.
        """
        self._execute_all([statement], before)
        rows: list[Any] = []
        extra = None
        for portion in self._portions():
            if portion:
                extra = portion[-1][-1]
                make = self._maker(len(portion[0]) - 1)
                rows += map(make, map(_WITHOUT_LAST, portion))
        return rows, extra

    def _execute_all(self, statements: Sequence[Bound], before: str = "", after: str = "") -> None:
        known = self.prepared_statements
        known.discard()
        texts, self._last = [], None
        for statement, values in statements:
            self._last = one = compiled(statement)
            checkpoint()
            texts.append(self.mogrify(known.text(one.sql), {**one.own_values, **values}))
        if after:  # the rows are those of FETCH
            self._last = None
        checkpoint()  # a batch is a text of up to 4 MB
        self.execute(b";\n".join(texts).join([before.encode(), after.encode()]))
        known.confirm()

    def _portions(self) -> Iterator[Sequence[tuple[Any, ...]]]:
        """All rows of the result. They are here already; to read their JSON takes time."""
        while len(portion := cursor.fetchmany(self, _PORTION)) == _PORTION:
            yield portion
            checkpoint()
        yield portion

    def _maker(self, width: int) -> Callable[[Any], Any]:
        """What makes a named tuple of a row's first `width` columns."""
        last = self._last
        if last and last.width == width:
            return last.make
        names = tuple(column.name for column in self.description or ())[:width]
        record = self._cached_make_nt(names)  # type: ignore[attr-defined]  # psycopg2 has it
        make = partial(tuple.__new__, record)
        if last:
            last.make, last.width = make, width
        return make


@contextmanager
def checkout(engine: sa.Engine) -> Iterator[Cursor]:
    """A cursor on a connection of the engine's pool. Raises DBAPIError and PoolTimeout.

    `connection_invalidated` of a DBAPIError says that another attempt may work (`retried`).
    """
    try:
        connection: Any = engine.raw_connection()
    except psycopg2.Error as error:
        raise as_dbapi_error(error) from error
    try:
        with connection.cursor(cursor_factory=Cursor) as plain:
            plain.prepared_statements = connection.info[PREPARED]
            yield plain
    except psycopg2.Error as error:
        is_cured = faults.cure(connection, error)
        raise as_dbapi_error(error, is_lost=is_cured) from error
    finally:
        # Never give back a connection that is closed, in a transaction or busy with a statement.
        if connection.is_valid and connection.get_transaction_status() != TRANSACTION_STATUS_IDLE:
            faults.abandon(connection)
        connection.close()


@contextmanager
def rolled_back_on_error(cursor: Cursor) -> Iterator[None]:
    """Roll back the transaction of a block that fails."""
    try:
        yield
    except BaseException:
        # Where the connection is gone, the transaction is, too.
        with suppress(psycopg2.Error):
            cursor.execute("ROLLBACK")
        raise


def retried(attempt: Callable[[], T], engine: sa.Engine) -> T:
    """Run what is safe to run twice; again after a fault that is cured, once per pooled connection."""
    left: int | None = None
    while True:
        try:
            return attempt()
        except DBAPIError as error:
            if left is None:
                left = engine.pool.checkedin() + 1  # type: ignore[attr-defined]  # FairPool has it
            if not left or not error.connection_invalidated:
                raise
            left -= 1


def as_dbapi_error(error: psycopg2.Error, *, is_lost: bool = False) -> DBAPIError:
    """SQLAlchemy's exception for one of psycopg2."""
    # Where time is over, another connection does not bring it back.
    is_lost = is_lost and not isinstance(error, TimedOut)
    wrapped = DBAPIError.instance(None, None, error, psycopg2.Error, connection_invalidated=is_lost)
    assert isinstance(wrapped, DBAPIError)  # noqa: S101  # it is for every psycopg2.Error
    return wrapped
