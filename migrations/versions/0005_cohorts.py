"""Who takes part in comparisons, and the daily snapshot that they rest on."""

from alembic import op

revision = "0005_cohorts"
down_revision = "0004_recall_and_skills"
branch_labels = None
depends_on = None
LOSES = {"who takes part in comparisons": "cohort_participants"}

PARTICIPANTS = """
CREATE TABLE cohort_participants (
    user_id uuid NOT NULL,
    since timestamptz NOT NULL,
    CONSTRAINT pk_cohort_participants PRIMARY KEY (user_id)
)
"""
STANDINGS = """
CREATE TABLE cohort_standings (
    user_id uuid NOT NULL,
    period text NOT NULL,
    level text NOT NULL,
    measure text NOT NULL,
    value double precision NOT NULL,
    sessions integer NOT NULL,
    last_day date NOT NULL,
    since timestamptz NOT NULL,
    noted_at timestamptz NOT NULL,
    published double precision,
    published_sessions integer,
    CONSTRAINT pk_cohort_standings PRIMARY KEY (user_id, period, level, measure)
) WITH (fillfactor = 80)
"""
COHORTS = """
CREATE TABLE cohorts (
    period text NOT NULL,
    level text NOT NULL,
    measure text NOT NULL,
    day date NOT NULL,
    as_of timestamptz NOT NULL,
    learners integer NOT NULL,
    width integer NOT NULL,
    bands integer[] NOT NULL,
    least double precision[] NOT NULL,
    CONSTRAINT pk_cohorts PRIMARY KEY (period, level, measure)
)
"""
SNAPSHOTS = """
CREATE TABLE cohort_snapshots (
    day date NOT NULL,
    joined_by timestamptz,
    CONSTRAINT pk_cohort_snapshots PRIMARY KEY (day)
)
"""
TABLES = ("cohort_participants", "cohort_standings", "cohorts", "cohort_snapshots")


def upgrade() -> None:
    op.execute(PARTICIPANTS)
    op.execute(STANDINGS)
    op.execute(
        "CREATE INDEX ix_cohort_standings_cohort ON cohort_standings (period, level, measure)"
    )
    op.execute(COHORTS)
    op.execute(SNAPSHOTS)
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")


def downgrade() -> None:
    for table in reversed(TABLES):
        op.execute(f"DROP TABLE {table}")
