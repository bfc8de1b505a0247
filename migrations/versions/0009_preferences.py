"""What learners set: when their days and weeks start, goals, rest days and pauses."""

from alembic import op

revision = "0009_preferences"
down_revision = "0008_words_by_language"
branch_labels = None
depends_on = None
LOSES = {
    "what learners have set, and with it the streaks that rest on rest days": "learner_preferences"
}

PREFERENCES = """
CREATE TABLE learner_preferences (
    user_id uuid NOT NULL,
    set_on date NOT NULL,
    set_at timestamptz NOT NULL,
    day_starts_at integer NOT NULL,
    week_starts_on text NOT NULL,
    daily_goal_minutes integer,
    weekly_goal_days integer,
    rest_days text[] NOT NULL,
    pause_from date,
    pause_to date,
    CONSTRAINT pk_learner_preferences PRIMARY KEY (user_id, set_on)
)
"""


def upgrade() -> None:
    op.execute(PREFERENCES)
    op.execute("ALTER TABLE learner_preferences ENABLE ROW LEVEL SECURITY")


def downgrade() -> None:
    op.execute("DROP TABLE learner_preferences")
