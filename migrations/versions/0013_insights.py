"""What learners set for insights and say of them, and what language models write."""

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
    "what language models have written for insights, to be asked and paid for again": (
        "insight_wordings"
    ),
}

PREFERENCES = """
CREATE TABLE learner_insight_preferences (
    user_id uuid NOT NULL,
    model boolean NOT NULL,
    tone text NOT NULL,
    set_at timestamptz NOT NULL,
    wordings_at timestamptz NOT NULL,
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
WORDINGS = """
CREATE TABLE insight_wordings (
    key text NOT NULL,
    language text NOT NULL,
    template text NOT NULL,
    tone text NOT NULL,
    asked_at timestamptz NOT NULL,
    text text,
    refused text,
    made_at timestamptz,
    CONSTRAINT pk_insight_wordings PRIMARY KEY (key)
)
"""
USE = """
CREATE TABLE insight_model_use (
    day date NOT NULL,
    outcome text NOT NULL,
    answers bigint NOT NULL,
    tokens bigint NOT NULL,
    CONSTRAINT pk_insight_model_use PRIMARY KEY (day, outcome)
)
"""
TABLES = {
    "learner_insight_preferences": PREFERENCES,
    "learner_insight_feedback": FEEDBACK,
    "insight_wordings": WORDINGS,
    "insight_model_use": USE,
}


def upgrade() -> None:
    for name, table in TABLES.items():
        op.execute(table)
        op.execute(f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY")


def downgrade() -> None:
    for name in reversed(TABLES):
        op.execute(f"DROP TABLE {name}")
