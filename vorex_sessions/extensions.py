"""The extensions, unbound, and how to talk to the database."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import psycopg2
import sqlalchemy as sa
from flask import Flask, current_app
from flask_jwt_extended import JWTManager
from flask_sqlalchemy import SQLAlchemy
from psycopg2.extensions import new_type, register_type
from psycopg2.extras import NamedTupleCursor
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.orm import DeclarativeBase

from vorex_sessions import waiting
from vorex_sessions.plans import NoPlans, Plans


class Base(DeclarativeBase):
    """Stable constraint names, so that migrations and error handling can rely on them."""

    metadata = sa.MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        }
    )


# A row of columns that its reader knows; SQLAlchemy's own type wants each of them spelt out.
Row = sa.Row[*tuple[Any, ...]]

T = TypeVar("T")

db = SQLAlchemy(model_class=Base)
MIGRATIONS = Path(__file__).parent.parent / "migrations"
jwt = JWTManager()


def init_app(app: Flask) -> None:
    """Bind what needs the app first."""
    waiting.install()
    db.init_app(app)
    with app.app_context():
        for engine in db.engines.values():
            sa.event.listen(engine, "connect", _ids_are_text)


def _ids_are_text(connection: Any, record: object) -> None:
    """UUIDs as psycopg2 gets them; SQLAlchemy has it make objects of them."""
    as_text = new_type((2950,), "UUID", lambda value, cursor: value)  # pg_type has the number
    register_type(as_text, connection)


def setting(name: str) -> Any:
    """The value of a setting of config.py."""
    return current_app.config[name]


def ask(statement: sa.Executable, parameters: Mapping[str, Any]) -> Sequence[Any]:
    """Run a statement and return all its rows, as named tuples.

    Several statements in one text are one transaction, all or nothing; the last one's rows return.
    For reads, and for writes that may safely run twice: when the server has closed a pooled
    connection (a restart, a fail-over), the statement is sent once more on a fresh one. Raises
    DBAPIError, in time for a client that waits (waiting.PATIENCE).
    """
    with waiting.at_most(waiting.PATIENCE):
        try:
            return _ask(statement, parameters)
        except _ConnectionLost:
            return _ask_anew(statement, parameters)


class _ConnectionLost(Exception):
    """Of a statement that may be sent once more."""


def _ask(statement: sa.Executable, parameters: Mapping[str, Any]) -> Sequence[Any]:
    with _plain_cursor() as cursor:
        return _rows(cursor, statement, parameters)


@contextmanager
def _plain_cursor() -> Iterator[Any]:
    """On SQLAlchemy's pool, but plain: its own execution costs as much as the answer."""
    try:
        connection: Any = db.engine.raw_connection()
    except psycopg2.Error as error:
        raise _ConnectionLost from error
    try:
        with connection.cursor(cursor_factory=NamedTupleCursor) as cursor:
            cursor.plans = _plans(connection)
            yield cursor
    except psycopg2.Error as error:
        if connection.closed or error.pgcode in _SHUTTING_DOWN:
            connection.invalidate()
            raise _ConnectionLost from error
        raise DBAPIError.instance(None, None, error, psycopg2.Error) from error
    finally:
        if connection.is_valid and connection.closed:
            connection.invalidate()
        connection.close()


# The server has said so already and is yet to hang up: admin_shutdown, crash_shutdown, cannot_connect_now.
_SHUTTING_DOWN = {"57P01", "57P02", "57P03"}


def _plans(connection: Any) -> Plans:
    if setting("DB_TRANSACTION_POOLER"):
        return NoPlans()
    plans: Plans = connection.info.setdefault("plans", Plans())  # gone when the connection is
    return plans


def _rows(
    cursor: Any, statement: sa.Executable, parameters: Mapping[str, Any], before: str = ""
) -> Sequence[Any]:
    cursor.plans.send(cursor, [(_compiled(statement), parameters)], before, "")
    rows: Sequence[Any] = cursor.fetchall() if cursor.description else ()
    return rows


class Within:
    """The questions of one transaction, asked one by one: `within(statement, parameters)` returns rows."""

    def __init__(self, cursor: Any) -> None:
        self._cursor = cursor
        self._begin = "BEGIN;"  # travels with the first question
        self._last: list[tuple[Any, Mapping[str, Any]]] = []

    def __call__(self, statement: sa.Executable, parameters: Mapping[str, Any]) -> Sequence[Any]:
        """All rows of a statement, as named tuples."""
        begin, self._begin = self._begin, ""
        return _rows(self._cursor, statement, parameters, begin)

    def later(self, statement: sa.Executable, parameters: Mapping[str, Any]) -> None:
        """Run what nobody waits for: it travels with the end of the transaction."""
        self._last.append((_compiled(statement), parameters))

    def commit(self) -> None:
        """End the transaction."""
        if self._last:
            self._cursor.plans.send(self._cursor, self._last, "", ";\nCOMMIT")
        else:
            self._cursor.execute("COMMIT")


def together(work: Callable[[Within], T], patience: float = waiting.PATIENCE) -> T:
    """Run `work(within)`, whose questions are one transaction: all or nothing.

    For work that may safely run twice: where the connection was lost it runs once more, until none of those
    that stood by is left, dead as they may be. Raises DBAPIError after `patience` seconds, by default in
    time for a client that waits.
    """
    with waiting.at_most(patience):
        stood_by = db.engine.pool.checkedin()  # type: ignore[attr-defined]  # pools.FairPool has it
        for left in range(stood_by + 1, -1, -1):
            try:
                return _together(work)
            except _ConnectionLost as lost:
                error = lost.__cause__
                if not left:
                    assert isinstance(error, psycopg2.Error)  # noqa: S101  # raised from nothing else
                    raise DBAPIError.instance(None, None, error, psycopg2.Error) from error
        raise AssertionError("the last try returns or raises")


def _together(work: Callable[[Within], T]) -> T:
    with _plain_cursor() as cursor:
        within = Within(cursor)
        try:
            done = work(within)
            within.commit()
        except BaseException:
            with suppress(psycopg2.Error):  # the connection is gone, and the transaction with it
                cursor.execute("ROLLBACK")
            raise
        return done


@lru_cache(maxsize=256)
def _compiled(statement: Any) -> Any:
    return statement.compile(dialect=db.engine.dialect)


def _ask_anew(statement: sa.Executable, parameters: Mapping[str, Any]) -> Sequence[Row]:
    """Ask by SQLAlchemy's own way, which replaces all connections of the pool once one was found dead."""
    try:
        return _ask_slowly(statement, parameters)
    except DBAPIError as error:
        if not error.connection_invalidated:
            raise
        return _ask_slowly(statement, parameters)


def _ask_slowly(statement: sa.Executable, parameters: Mapping[str, Any]) -> Sequence[Row]:
    with db.engine.connect() as connection:
        return connection.execute(statement, parameters).all()


def begun(engine: sa.Engine, begin: str = "BEGIN") -> sa.Connection:
    """A connection in a transaction; once one was found dead, SQLAlchemy replaces all of the pool."""
    for is_last in (False, True):
        connection = engine.connect()
        try:
            connection.exec_driver_sql(begin)
        except BaseException as error:
            connection.close()
            if is_last or not (isinstance(error, DBAPIError) and error.connection_invalidated):
                raise
        else:
            return connection
    raise AssertionError("the second try returns or raises")


_LET_RUN = sa.text("SELECT set_config('statement_timeout', :milliseconds, true)")


@contextmanager
def transaction(patience: float = waiting.PATIENCE) -> Iterator[sa.Connection]:
    """A transaction of several statements: committed at the end, rolled back on any error.

    All of it together gets `patience` seconds, then DBAPIError.
    """
    with waiting.at_most(waiting.PATIENCE):  # who may take long is not to wait long for a beginning
        connection = begun(db.engine)
    with connection, waiting.at_most(patience):
        try:
            if patience > waiting.PATIENCE:
                connection.execute(_LET_RUN, {"milliseconds": str(round(patience * 1000))})
            yield connection
            connection.exec_driver_sql("COMMIT")
        except BaseException:
            with suppress(SQLAlchemyError):  # the connection is gone, and the transaction with it
                connection.exec_driver_sql("ROLLBACK")
            raise
