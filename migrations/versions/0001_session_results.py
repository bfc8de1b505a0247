"""The table of session results."""

from alembic import op
from sqlalchemy import text

revision = "0001_session_results"
down_revision = None
branch_labels = None
depends_on = None
# What a downgrade removes that nothing can derive again, and in which rows; env.py asks before.
LOSES = {"session results": "session_results"}

TABLE = """
CREATE TABLE session_results (
    user_id uuid NOT NULL,
    session_result_id uuid NOT NULL,
    session_type text NOT NULL,
    duration_seconds integer NOT NULL,
    words_spoken integer NOT NULL DEFAULT 0,
    pronunciation_score double precision,
    fluency_score double precision,
    grammar_score double precision,
    topics text[] NOT NULL DEFAULT '{}',
    vocabulary_learned text[] NOT NULL DEFAULT '{}',
    areas_to_improve text[] NOT NULL DEFAULT '{}',
    metadata jsonb NOT NULL DEFAULT '{}',
    completed_at timestamptz NOT NULL,
    timezone text NOT NULL,
    practiced_on date NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    fingerprint bytea NOT NULL,
    CONSTRAINT pk_session_results PRIMARY KEY (user_id, session_result_id),
    CONSTRAINT ck_session_results_session_type
        CHECK (session_type IN ('conversation', 'pronunciation', 'roleplay')),
    CONSTRAINT ck_session_results_duration_seconds CHECK (duration_seconds BETWEEN 0 AND 86400),
    CONSTRAINT ck_session_results_words_spoken CHECK (words_spoken BETWEEN 0 AND 100000),
    CONSTRAINT ck_session_results_pronunciation_score CHECK (pronunciation_score BETWEEN 0 AND 100),
    CONSTRAINT ck_session_results_fluency_score CHECK (fluency_score BETWEEN 0 AND 100),
    CONSTRAINT ck_session_results_grammar_score CHECK (grammar_score BETWEEN 0 AND 100),
    CONSTRAINT ck_session_results_topics CHECK (cardinality(topics) <= 50),
    CONSTRAINT ck_session_results_vocabulary_learned CHECK (cardinality(vocabulary_learned) <= 500),
    CONSTRAINT ck_session_results_areas_to_improve CHECK (cardinality(areas_to_improve) <= 50),
    CONSTRAINT ck_session_results_metadata CHECK (jsonb_typeof(metadata) = 'object'),
    CONSTRAINT ck_session_results_completed_at CHECK (completed_at >= '2000-01-01 00:00:00+00'),
    CONSTRAINT ck_session_results_practiced_on
        CHECK (abs(practiced_on - (completed_at AT TIME ZONE 'UTC')::date) <= 1),
    CONSTRAINT ck_session_results_fingerprint CHECK (octet_length(fingerprint) = 16)
)
"""

INDEX = """
CREATE INDEX ix_session_results_newest
    ON session_results (user_id, completed_at DESC, session_result_id DESC)
"""

FUNCTION = """
CREATE FUNCTION vorex_set_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.updated_at := greatest(now(), OLD.updated_at);
    RETURN NEW;
END
$$
"""

TRIGGER = """
CREATE TRIGGER session_results_updated_at BEFORE UPDATE ON session_results
    FOR EACH ROW EXECUTE FUNCTION vorex_set_updated_at()
"""

TAKEN = (
    "This database already has a table called session_results that is not ours, so nothing was "
    "changed. If it is the founding system's, `flask import founding` brings its sessions over "
    "(docs/migrating.md). It can stay beside ours, which go into another schema: set "
    "DATABASE_SCHEMA=vorex and run this again. Or, once that system is stopped, rename it: ALTER TABLE "
    "session_results RENAME TO session_results_before; and later say --table session_results_before."
)


def upgrade() -> None:
    if not op.get_context().as_sql and op.get_bind().scalar(
        text("SELECT to_regclass('session_results')")
    ):
        raise RuntimeError(TAKEN)
    op.execute(TABLE)
    op.execute(INDEX)
    op.execute(FUNCTION)
    op.execute(TRIGGER)
    # On Supabase a table in `public` without row level security is open to the anonymous key.
    op.execute("ALTER TABLE session_results ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE alembic_version ENABLE ROW LEVEL SECURITY")


def downgrade() -> None:
    op.execute("DROP TABLE session_results")
    op.execute("DROP FUNCTION vorex_set_updated_at()")
