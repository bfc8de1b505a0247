"""A version of each session result, and the learner's counter that it comes from.

A constant default is not written to stored rows: what is there has version 0. Whatever is stored or corrected
without a version, say by processes of the release before while they still run, gets the next one by trigger,
so that no device misses it and no ETag outlives it. Each statement can run again; after a kill, upgrade once
more.
"""

from alembic import op
from flask import current_app

revision = "0010_versions"
down_revision = "0009_preferences"
branch_labels = None
depends_on = None
LOSES = {"versions of sessions": "learner_versions"}

VERSIONED = ("session_results", "deleted_sessions", "erased_learners")
VERSIONS = """
CREATE TABLE IF NOT EXISTS learner_versions (
    user_id uuid NOT NULL,
    version bigint NOT NULL,
    epoch bigint NOT NULL DEFAULT 0,
    kept_since timestamptz,
    purged_version bigint NOT NULL DEFAULT 0,
    CONSTRAINT pk_learner_versions PRIMARY KEY (user_id)
)
"""
# It changes nothing when it runs again.
RERUN = "-- squawk-ignore prefer-robust-stmts\n"
INDEX = "ix_session_results_version"
DELETED_INDEX = "ix_deleted_sessions_version"
NEXT = """
CREATE OR REPLACE FUNCTION vorex_next_version(learner uuid) RETURNS bigint LANGUAGE sql
SET search_path FROM CURRENT AS $$
    INSERT INTO learner_versions (user_id, version) VALUES (learner, 1)
    ON CONFLICT (user_id) DO UPDATE SET version = learner_versions.version + 1
    RETURNING version
$$
"""
ON_INSERT = """
CREATE OR REPLACE FUNCTION vorex_set_version() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
    NEW.version := vorex_next_version(NEW.user_id);
    RETURN NEW;
END
$$
"""
ON_UPDATE = """
CREATE OR REPLACE FUNCTION vorex_set_updated_at() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
    NEW.updated_at := greatest(now(), OLD.updated_at);
    IF NEW.version = OLD.version THEN
        NEW.version := vorex_next_version(NEW.user_id);
    END IF;
    RETURN NEW;
END
$$
"""
PLAIN = """
CREATE OR REPLACE FUNCTION vorex_set_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.updated_at := greatest(now(), OLD.updated_at);
    RETURN NEW;
END
$$
"""


def upgrade() -> None:
    with op.get_context().autocommit_block():
        # Behind a transaction pooler a setting would stay with some other client's connection.
        has_session = not current_app.config["DB_TRANSACTION_POOLER"]
        if has_session:
            op.execute("SET statement_timeout = 0")
        op.execute(VERSIONS)
        op.execute(f"{RERUN}ALTER TABLE learner_versions ENABLE ROW LEVEL SECURITY")
        for table in VERSIONED:
            op.execute(
                f"ALTER TABLE {table} ADD COLUMN IF NOT EXISTS version bigint NOT NULL DEFAULT 0"
            )
        for function in (NEXT, ON_INSERT, ON_UPDATE):
            op.execute(function)
        for table in VERSIONED:
            op.execute(
                f"CREATE OR REPLACE TRIGGER set_version BEFORE INSERT ON {table}"
                " FOR EACH ROW WHEN (NEW.version < 0) EXECUTE FUNCTION vorex_set_version()"
            )
            # After the trigger: no row is stored in between with a version that nobody has given.
            op.execute(f"{RERUN}ALTER TABLE {table} ALTER COLUMN version SET DEFAULT -1")
        build(INDEX, "session_results (user_id, version, session_result_id)")
        build(DELETED_INDEX, "deleted_sessions (user_id, version, session_result_id)")
        if has_session:
            op.execute("RESET statement_timeout")


def build(name: str, columns: str) -> None:
    """Build an index while rows are written; anew where a killed upgrade has left one: it may be invalid."""
    op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
    op.execute(f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {name} ON {columns}")


def downgrade() -> None:
    op.execute(PLAIN)
    for table in VERSIONED:
        op.execute(f"DROP TRIGGER set_version ON {table}")
        op.execute(f"ALTER TABLE {table} DROP COLUMN version")  # with it goes its index
    op.execute("DROP FUNCTION vorex_set_version()")
    op.execute("DROP FUNCTION vorex_next_version(uuid)")
    op.execute("DROP TABLE learner_versions")
