"""Alembic's access to the database: one upgrade at a time, no long waits for a lock, no data lost unasked.

New revisions: `make revision NAME=0002_what_it_does`; the id is the file's name.
"""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import click
from alembic import context
from flask import current_app
from sqlalchemy import Connection, Engine, event, text

from vorex_sessions.database import migrate

# Releases that start at once upgrade one after the other. The number is arbitrary, but only for this.
UPGRADE_LOCK = 0x766F7265780001
LOCK_TIMEOUT = "5s"  # a migration that would block the service longer than this gives up instead

database = current_app.extensions["migrate"].db


def run_offline() -> None:
    """Print the SQL instead of running it (`flask db upgrade --sql`)."""
    context.configure(
        dialect_name="postgresql", target_metadata=database.metadata, literal_binds=True
    )
    if schema := current_app.config["DATABASE_SCHEMA"]:
        context.execute(f'CREATE SCHEMA IF NOT EXISTS "{schema}"')
        context.execute(f'SET search_path = "{schema}"')
    with context.begin_transaction():
        context.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
        context.execute("SET LOCAL statement_timeout = '60s'")
        context.run_migrations()


def run_online() -> None:
    """Upgrade while holding the upgrade lock; in one transaction, unless a migration ends it."""
    engine = database.engine.execution_options(isolation_level="READ COMMITTED")
    with upgrade_lock(engine), engine.connect() as connection:
        use_schema(connection)

        @event.listens_for(connection, "begin")
        def set_limits(connection: Connection) -> None:
            connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")

        context.configure(connection=connection, target_metadata=database.metadata)
        with context.begin_transaction():
            ask_before_data_is_lost(connection)
            context.run_migrations()


def use_schema(connection: Connection) -> None:
    """Create the schema DATABASE_SCHEMA if it is missing; stop where tables would come into another."""
    wanted = current_app.config["DATABASE_SCHEMA"]
    if not wanted:
        return
    # To create it asks for a right that the role need not have where it is there.
    if not connection.scalar(text("SELECT to_regnamespace(:name)"), {"name": wanted}):
        connection.execute(text(f'CREATE SCHEMA "{wanted}"'))
    current = connection.scalar(text("SELECT current_schema()"))
    connection.commit()
    if problem := migrate.schema_problem(current, wanted):
        raise click.ClickException(problem)


@contextmanager
def upgrade_lock(engine: Engine) -> Iterator[None]:
    """Hold the upgrade lock, in a transaction of its own: a migration may end its transaction.

    It waits without a statement, since CREATE INDEX CONCURRENTLY would wait for that statement's end.
    """
    with engine.connect() as connection:
        connection.detach()  # the pool may have one place only
        connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        take = text("SELECT pg_try_advisory_xact_lock(:lock)")
        while not connection.scalar(take, {"lock": UPGRADE_LOCK}):
            time.sleep(0.2)
        yield


def ask_before_data_is_lost(connection: Connection) -> None:
    """Stop a downgrade that removes what nothing can derive again, unless the operator wants that."""
    migration = context.get_context()
    steps = migration.opts["fn"](migration.get_current_heads(), migration)
    lost = [
        what
        for step in steps
        if step.is_downgrade
        for what, rows in step.revision.module.LOSES.items()
        if connection.scalar(text(f"SELECT EXISTS (SELECT FROM {rows})"))  # noqa: S608  # ours
    ]
    if not lost or context.get_x_argument(as_dictionary=True).get("lose-data") == "yes":
        return
    warning = f"This downgrade removes for good: {', '.join(lost)}."
    if not sys.stdin.isatty():
        raise click.ClickException(
            f"{warning} If you want that: flask db -x lose-data=yes downgrade …"
        )
    click.confirm(f"{warning} Go on?", abort=True)


if context.is_offline_mode():
    run_offline()
else:
    run_online()
