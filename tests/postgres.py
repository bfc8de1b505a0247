"""The PostgreSQL server of a test run: TEST_DATABASE_URL, or else an embedded server."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from flask import Flask

from vorex_sessions.extensions import db

SMALL = 1_000_000  # bytes of all tables and indexes; empty, they have 220,000
# All workers of pytest and the servers that they start share its connections; each may keep dozens.
SETTINGS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=400")
SERVER = "VOREX_TEST_SERVER"  # the controlling process passes it to its workers


def start() -> None:
    """Start a server if none is given. The controlling process calls it before any worker starts."""
    if "TEST_DATABASE_URL" in os.environ:
        os.environ[SERVER] = os.environ["TEST_DATABASE_URL"]
        return
    from vorex_sessions.local import embedded_postgres  # only where it is needed

    folder = Path(tempfile.mkdtemp(prefix="vorex-test-"))
    os.environ["VOREX_TEST_FOLDER"] = str(folder)
    embedded_postgres.initialize(folder / "postgres")
    with (folder / "postgres" / "postgresql.conf").open("a") as settings:
        settings.write("\n".join(SETTINGS))
    os.environ[SERVER] = embedded_postgres.start(folder / "postgres")


def stop() -> None:
    """Stop the embedded server. The controlling process calls it after all workers."""
    folder = os.environ.pop("VOREX_TEST_FOLDER", None)
    if folder:
        from vorex_sessions.local import embedded_postgres

        embedded_postgres.stop(Path(folder) / "postgres")
        shutil.rmtree(folder, ignore_errors=True)


def _server_url() -> sa.URL:
    url = os.environ[SERVER].replace("postgres://", "postgresql://", 1)
    return sa.make_url(url).set(drivername="postgresql+psycopg2")


def administer(statement: str) -> None:
    engine = sa.create_engine(_server_url(), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text(statement))
    engine.dispose()


@contextmanager
def transaction(seconds: float = 5) -> Iterator[sa.Connection]:
    """Open a transaction on the current app's database, with a statement timeout in seconds."""
    with db.engine.connect() as connection:
        connection.exec_driver_sql("BEGIN")
        connection.exec_driver_sql(f"SET LOCAL statement_timeout = '{seconds}s'")
        try:
            yield connection
        except BaseException:
            connection.exec_driver_sql("ROLLBACK")
            raise
        connection.exec_driver_sql("COMMIT")


_SIZE = sa.text(
    "SELECT sum(pg_total_relation_size(CAST(name AS regclass))) FROM unnest(:names) AS name"
)


def empty_tables(app: Flask) -> None:
    """Remove all rows, behind those who still write; small tables take DELETE a tenth of the time."""
    names = [table.name for table in db.metadata.sorted_tables]
    together = ", ".join(names)
    with app.app_context(), transaction(60) as connection:
        connection.exec_driver_sql(f"LOCK TABLE {together} IN EXCLUSIVE MODE")
        if connection.execute(_SIZE, {"names": names}).scalar_one() < SMALL:
            connection.exec_driver_sql("; ".join(f"DELETE FROM {name}" for name in reversed(names)))
        else:  # it also removes what DELETE leaves
            connection.exec_driver_sql(f"TRUNCATE {together}")


@contextmanager
def database(name: str, options: str = "") -> Iterator[str]:
    """Create an empty database and yield its address; drop it afterwards."""
    administer(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    administer(f'CREATE DATABASE "{name}" {options}')
    url = _server_url().set(drivername="postgresql", database=name)
    yield url.render_as_string(hide_password=False)
    administer(f'DROP DATABASE "{name}" WITH (FORCE)')
