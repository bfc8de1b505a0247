"""Streaks and achievements: what the sessions add up to, and what was unlocked."""

from alembic import op

revision = "0003_growth"
down_revision = "0002_tombstones"
branch_labels = None
depends_on = None
LOSES = {"unlocked achievements": "learner_achievements"}

TOTALS = """
CREATE TABLE learner_totals (
    user_id uuid NOT NULL,
    sessions integer NOT NULL,
    conversations integer NOT NULL,
    pronunciations integer NOT NULL,
    roleplays integer NOT NULL,
    seconds bigint NOT NULL,
    words_spoken bigint NOT NULL,
    distinct_words integer NOT NULL,
    best_pronunciation double precision NOT NULL,
    best_fluency double precision NOT NULL,
    best_grammar double precision NOT NULL,
    longest_break integer NOT NULL,
    last_day date,
    last_day_seconds bigint NOT NULL,
    days integer NOT NULL,
    counted_on date,
    current_streak integer NOT NULL,
    longest_streak integer NOT NULL,
    freezes integer NOT NULL,
    latest_at timestamptz,
    latest_id uuid,
    timezone text,
    CONSTRAINT pk_learner_totals PRIMARY KEY (user_id)
) WITH (fillfactor = 50)
"""

WORDS = """
CREATE TABLE learner_words (
    user_id uuid NOT NULL,
    word text NOT NULL,
    CONSTRAINT pk_learner_words PRIMARY KEY (user_id, word)
)
"""

ACHIEVEMENTS = """
CREATE TABLE learner_achievements (
    user_id uuid NOT NULL,
    achievement text NOT NULL,
    unlocked_at timestamptz NOT NULL,
    session_result_id uuid NOT NULL,
    CONSTRAINT pk_learner_achievements PRIMARY KEY (user_id, achievement)
)
"""


def upgrade() -> None:
    # Half-empty pages: a row that every save changes finds room beside its old version.
    op.execute(TOTALS)
    op.execute(WORDS)
    op.execute(ACHIEVEMENTS)
    op.execute("ALTER TABLE learner_totals ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE learner_words ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE learner_achievements ENABLE ROW LEVEL SECURITY")


def downgrade() -> None:
    op.execute("DROP TABLE learner_totals")
    op.execute("DROP TABLE learner_words")
    op.execute("DROP TABLE learner_achievements")
