"""The extensions, unbound, and how to talk to the database."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask_jwt_extended import JWTManager
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.orm import DeclarativeBase

from vorex_sessions import waiting


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

db = SQLAlchemy(model_class=Base)
MIGRATIONS = Path(__file__).parent.parent / "migrations"
migrate = Migrate(directory=str(MIGRATIONS), render_as_batch=False)
jwt = JWTManager()


def ask(statement: sa.Executable, parameters: Mapping[str, Any]) -> Sequence[Row]:
    """Run a statement and return all its rows.

    Several statements in one text are one transaction, all or nothing; the last one's rows return.
    For reads, and for writes that may safely run twice: when the server has closed a pooled
    connection (a restart, a fail-over), the statement is sent once more on a fresh one. Raises
    DBAPIError, in time for a client that waits (waiting.PATIENCE).
    """
    with waiting.at_most(waiting.PATIENCE):
        try:
            return _ask(statement, parameters)
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
            return _ask(statement, parameters)


def _ask(statement: sa.Executable, parameters: Mapping[str, Any]) -> Sequence[Row]:
    with db.engine.connect() as connection:
        return connection.execute(statement, parameters).all()


_LET_RUN = sa.text("SELECT set_config('statement_timeout', :milliseconds, true)")


@contextmanager
def transaction(patience: float = waiting.PATIENCE) -> Iterator[sa.Connection]:
    """A transaction of several statements: committed at the end, rolled back on any error.

    All of it together gets `patience` seconds, then DBAPIError.
    """
    with waiting.at_most(waiting.PATIENCE):  # who may take long is not to wait long for a beginning
        connection = db.engine.connect()
    with connection, waiting.at_most(patience):
        with waiting.at_most(waiting.PATIENCE):
            connection.exec_driver_sql("BEGIN")
        try:
            if patience > waiting.PATIENCE:
                connection.execute(_LET_RUN, {"milliseconds": str(round(patience * 1000))})
            yield connection
            connection.exec_driver_sql("COMMIT")
        except BaseException:
            with suppress(SQLAlchemyError):  # the connection is gone, and the transaction with it
                connection.exec_driver_sql("ROLLBACK")
            raise
