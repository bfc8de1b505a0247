"""What learners set for insights, and what they say of them."""

from alembic import op

revision = "0013_insights"
down_revision = "0012_live"
branch_labels = None
depends_on = None
LOSES = {
    "what learners have set for insights": "learner_insight_preferences",
    "what learners have said of insights, and with it what they have hidden": (
        "learner_insight_feedback"
    ),
}

PREFERENCES = """
CREATE TABLE learner_insight_preferences (
    user_id uuid NOT NULL,
    model boolean NOT NULL,
    tone text NOT NULL,
    set_at timestamptz NOT NULL,
    CONSTRAINT pk_learner_insight_preferences PRIMARY KEY (user_id)
)
"""
FEEDBACK = """
CREATE TABLE learner_insight_feedback (
    user_id uuid NOT NULL,
    topic text NOT NULL,
    insight_id text NOT NULL,
    verdict text NOT NULL,
    given_at timestamptz NOT NULL,
    CONSTRAINT pk_learner_insight_feedback PRIMARY KEY (user_id, topic)
)
"""
TABLES = {"learner_insight_preferences": PREFERENCES, "learner_insight_feedback": FEEDBACK}


def upgrade() -> None:
    for name, table in TABLES.items():
        op.execute(table)
        op.execute(f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY")


def downgrade() -> None:
    for name in reversed(TABLES):
        op.execute(f"DROP TABLE {name}")
