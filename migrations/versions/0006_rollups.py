"""What a learner's older sessions add up to, so that statistics over everything need not read them all."""

from alembic import op

revision = "0006_rollups"
down_revision = "0005_cohorts"
branch_labels = None
depends_on = None
LOSES: dict[str, str] = {}

ROLLUPS = """
CREATE TABLE learner_rollups (
    user_id uuid NOT NULL,
    before timestamptz NOT NULL,
    tallies json NOT NULL,
    CONSTRAINT pk_learner_rollups PRIMARY KEY (user_id)
)
"""


def upgrade() -> None:
    op.execute(ROLLUPS)
    op.execute("ALTER TABLE learner_rollups ENABLE ROW LEVEL SECURITY")


def downgrade() -> None:
    op.execute("DROP TABLE learner_rollups")
