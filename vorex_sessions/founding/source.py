"""The founding system's table, read as of one moment, in portions."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Self

import psycopg2
from psycopg2 import sql

from database_address import database_url
from vorex_sessions.founding.conversion import LISTS, SCORES, FoundingRow
from vorex_sessions.founding.report import Sums

_PORTION = 1000  # rows
_REQUIRED = ("user_id", "session_type", "duration_seconds", "created_at")
_IDS = ("id", "session_result_id")
_COLUMNS = """
SELECT CAST(CAST(attrelid AS regclass) AS text), attname, format_type(atttypid, NULL) FROM pg_attribute
 WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped
"""
# A long transaction must not be ended by what its server allows others. Rows that a policy hides from the
# role must be an error, or they would be missing without a word.
_SETTINGS = """
SET LOCAL statement_timeout = 0;
SET LOCAL idle_in_transaction_session_timeout = 0;
SET LOCAL row_security = off
"""
_SUMS = """
SELECT count(*), coalesce(sum({duration}), 0), coalesce(sum({words}), 0), count(DISTINCT {user}) FROM {table}
"""
# Python's calendar ends before PostgreSQL's, and has no infinity.
_IN_CALENDAR = "CASE WHEN {0} BETWEEN '0002-01-01' AND '9998-01-01' THEN {0} END"


class SourceError(Exception):
    """The founding system cannot be read; the message says why."""


class Source:
    """A read-only transaction on the founding system. Use it as a context manager; raises SourceError."""

    def __init__(self, address: str, table: str) -> None:
        self._table_name = table
        with _told():
            # Checked here, so that no message shows the password.
            plain = database_url(address).partition("://")[2]
            self._connection = psycopg2.connect(
                f"postgresql://{plain}", application_name="vorex-sessions import"
            )
        try:
            with _told():
                self._begin()
        except BaseException:
            self._connection.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._connection.close()

    def sums(self) -> Sums:
        """The sums of the whole table."""
        names = {
            "duration": sql.Identifier("duration_seconds"),
            "words": self._column("words_spoken", "::bigint"),
            "user": sql.Identifier("user_id"),
            "table": self._table,
        }
        with _told(), self._connection.cursor() as cursor:
            cursor.execute(sql.SQL(_SUMS).format(**names))
            (sums,) = cursor.fetchall()
            return Sums(*map(int, sums))

    def portions(self) -> Iterator[Sequence[FoundingRow]]:
        """All rows, a learner's together."""
        order = sql.SQL(", ").join([sql.Identifier("user_id"), sql.Identifier(self._id)])
        columns = sql.SQL(", ").join(map(self._selected, FoundingRow._fields))
        query = sql.SQL("SELECT {} FROM {} ORDER BY {}").format(columns, self._table, order)
        with closing(self._connection.cursor(name="founding")) as cursor:
            with _told():
                cursor.execute(query)
            while True:
                with _told():
                    rows = cursor.fetchmany(_PORTION)
                if not rows:
                    return
                yield [FoundingRow._make(row) for row in rows]

    def _begin(self) -> None:
        self._connection.set_client_encoding("UTF8")
        self._connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
        with self._connection.cursor() as cursor:
            cursor.execute(_SETTINGS)
            cursor.execute(_COLUMNS, (self._table_name,))
            columns = cursor.fetchall()
        self._types: dict[str, str] = {name: kind for _, name, kind in columns}
        self._check()
        self._id = next(name for name in _IDS if name in self._types)
        self._table = sql.SQL(columns[0][0])  # quoted as need be

    def _check(self) -> None:
        if not self._types:
            raise SourceError(f"there is no table {self._table_name}; name it with --table")
        if "fingerprint" in self._types:
            raise SourceError(
                f"the table {self._table_name} is this service's own; name the founding system's with --table"
            )
        missing = [name for name in _REQUIRED if name not in self._types]
        if self._types.keys().isdisjoint(_IDS):
            missing.append("id")
        if missing:
            raise SourceError(f"the table {self._table_name} lacks {', '.join(missing)}")

    def _column(self, name: str, cast: str = "") -> sql.Composable:
        """A column, or NULL where the table has none."""
        if name not in self._types:
            return sql.SQL("NULL" + cast)
        return sql.SQL("{}" + cast).format(sql.Identifier(name))

    def _selected(self, name: str) -> sql.Composable:
        """The expression that reads a field of FoundingRow."""
        if name == "id":
            return self._column(self._id, "::text")
        if name == "has_time":
            return sql.SQL("created_at IS NOT NULL")
        if name == "created_at":
            return sql.SQL(_IN_CALENDAR).format(sql.Identifier(name))
        if name in SCORES:
            return self._column(name, "::float8")
        if name in LISTS:
            is_array = self._types.get(name, "").endswith("[]")
            return self._column(name, "::text[]" if is_array else "")
        is_text = name in ("user_id", "session_type", "metadata")
        return self._column(name, "::text" if is_text else "")


@contextmanager
def _told() -> Iterator[None]:
    """Raises SourceError for what psycopg2 raises, and for an unreadable address."""
    try:
        yield
    except psycopg2.Error as error:
        raise SourceError(str(error).partition("\n")[0]) from error
    except ValueError as error:
        raise SourceError(f"its address {error}") from None
