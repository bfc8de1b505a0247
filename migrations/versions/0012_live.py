"""Live sessions: practice that is still going on.

The room in each page keeps the new version of a row beside the old one, so that a heartbeat writes no index.
"""

from alembic import op

revision = "0012_live"
down_revision = "0011_events"
branch_labels = None
depends_on = None
LOSES = {"practice that is still going on": "live_sessions"}

LIVE_SESSIONS = """
CREATE TABLE live_sessions (
    user_id uuid NOT NULL,
    session_result_id uuid NOT NULL,
    session_type text NOT NULL,
    language text NOT NULL,
    timezone text NOT NULL,
    started_at timestamptz NOT NULL,
    seq bigint NOT NULL,
    active_seconds integer NOT NULL,
    words_spoken integer NOT NULL,
    pronunciation_score double precision,
    fluency_score double precision,
    grammar_score double precision,
    topics text[] NOT NULL,
    vocabulary_learned text[] NOT NULL,
    metadata jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    heartbeat_at timestamptz NOT NULL,
    cancelled boolean NOT NULL DEFAULT false,
    CONSTRAINT pk_live_sessions PRIMARY KEY (user_id, session_result_id)
) WITH (fillfactor = 70)
"""


def upgrade() -> None:
    op.execute(LIVE_SESSIONS)
    op.execute("ALTER TABLE live_sessions ENABLE ROW LEVEL SECURITY")


def downgrade() -> None:
    op.execute("DROP TABLE live_sessions")
