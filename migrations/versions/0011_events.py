"""Events for the app's back end, what waits for each destination, and which destination is closed."""

from alembic import op

revision = "0011_events"
down_revision = "0010_versions"
branch_labels = None
depends_on = None
LOSES = {"events that were not delivered yet": "events"}

EVENTS = """
CREATE TABLE events (
    user_id uuid NOT NULL,
    id bigint GENERATED ALWAYS AS IDENTITY,
    event_id uuid NOT NULL DEFAULT gen_random_uuid(),
    type text NOT NULL,
    occurred_at timestamptz NOT NULL DEFAULT now(),
    session_result_id uuid,
    version bigint,
    data jsonb,
    written_by bigint NOT NULL DEFAULT CAST(CAST(pg_current_xact_id() AS text) AS bigint),
    given_up text[],
    CONSTRAINT pk_events PRIMARY KEY (user_id, id)
)
"""
QUEUES = """
CREATE TABLE event_queues (
    user_id uuid NOT NULL,
    destination text NOT NULL,
    after_id bigint NOT NULL,
    last_id bigint NOT NULL,
    since timestamptz NOT NULL DEFAULT now(),
    due_at timestamptz NOT NULL DEFAULT now(),
    lease uuid,
    attempts integer NOT NULL DEFAULT 0,
    failing_since timestamptz,
    last_answer text,
    CONSTRAINT pk_event_queues PRIMARY KEY (user_id, destination)
) WITH (fillfactor = 80)
"""
DESTINATIONS = """
CREATE TABLE event_destinations (
    destination text NOT NULL,
    disabled_at timestamptz,
    paused_until timestamptz,
    CONSTRAINT pk_event_destinations PRIMARY KEY (destination)
)
"""
TABLES = ("events", "event_queues", "event_destinations")


def upgrade() -> None:
    for statement in (EVENTS, QUEUES, DESTINATIONS):
        op.execute(statement)
    op.execute("CREATE INDEX ix_events_written ON events (written_by, id)")
    op.execute("CREATE INDEX ix_event_queues_due ON event_queues (destination, due_at)")
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")


def downgrade() -> None:
    for table in reversed(TABLES):
        op.execute(f"DROP TABLE {table}")
