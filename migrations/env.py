"""Alembic's access to the database: one upgrade at a time, and no long waits for a lock.

New revisions: `make revision NAME=0002_what_it_does`; the id is the file's name.
"""

from alembic import context
from flask import current_app
from sqlalchemy import text

# Releases that start at once upgrade one after the other. The number is arbitrary, but only for this.
UPGRADE_LOCK = 0x766F7265780001
LOCK_TIMEOUT = "5s"  # a migration that would block the service longer than this gives up instead

database = current_app.extensions["migrate"].db


def run_offline() -> None:
    """Print the SQL instead of running it (`flask db upgrade --sql`)."""
    context.configure(
        dialect_name="postgresql", target_metadata=database.metadata, literal_binds=True
    )
    with context.begin_transaction():
        context.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
        context.execute("SET LOCAL statement_timeout = '60s'")
        context.run_migrations()


def run_online() -> None:
    """Upgrade in one transaction, holding the upgrade lock."""
    engine = database.engine.execution_options(isolation_level="READ COMMITTED")
    with engine.connect() as connection:
        context.configure(connection=connection, target_metadata=database.metadata)
        with context.begin_transaction():
            connection.execute(text("SET LOCAL statement_timeout = 0"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": UPGRADE_LOCK})
            connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'"))
            context.run_migrations()


if context.is_offline_mode():
    run_offline()
else:
    run_online()
