"""What was answered about words and skills, and what is derived from it."""

from alembic import op

revision = "0004_recall_and_skills"
down_revision = "0003_growth"
branch_labels = None
depends_on = None
LOSES = {
    "answers about words and skills": (
        "session_results WHERE vocabulary_results <> '[]' OR skills <> '[]'"
    )
}

# Without CHECKs: to validate them would read the whole table behind a lock that nothing gets past.
RESULTS = """
ALTER TABLE session_results
    ADD COLUMN vocabulary_results jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN skills jsonb NOT NULL DEFAULT '[]'
"""
# What was derived before this revision has version 0, and is rebuilt when it is next needed.
MARKS = """
ALTER TABLE learner_totals
    ADD COLUMN counted boolean NOT NULL DEFAULT true,
    ADD COLUMN derived_version integer NOT NULL DEFAULT 0
"""
# The default is for words that processes of the release before add while they still run.
SEEN = """
ALTER TABLE learner_words
    ADD COLUMN times_seen integer NOT NULL DEFAULT 1,
    ADD COLUMN first_seen timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN last_seen timestamptz NOT NULL DEFAULT now()
"""
MEMORIES = """
CREATE TABLE learner_memories (
    user_id uuid NOT NULL,
    word text NOT NULL,
    times_tested integer NOT NULL,
    last_outcome text NOT NULL,
    tested_at timestamptz NOT NULL,
    tested_on date NOT NULL,
    stability double precision NOT NULL,
    difficulty double precision NOT NULL,
    due_on date NOT NULL,
    CONSTRAINT pk_learner_memories PRIMARY KEY (user_id, word)
) WITH (fillfactor = 80)
"""
SKILLS = """
CREATE TABLE learner_skills (
    user_id uuid NOT NULL,
    skill text NOT NULL,
    mastery double precision NOT NULL,
    evidence integer NOT NULL,
    flagged integer NOT NULL,
    last_at timestamptz NOT NULL,
    CONSTRAINT pk_learner_skills PRIMARY KEY (user_id, skill)
) WITH (fillfactor = 80)
"""


def upgrade() -> None:
    op.execute(RESULTS)
    op.execute(MARKS)
    op.execute(SEEN)
    op.execute("ALTER TABLE learner_words SET (fillfactor = 80)")
    op.execute(MEMORIES)
    op.execute("CREATE INDEX ix_learner_memories_due ON learner_memories (user_id, due_on)")
    op.execute(SKILLS)
    op.execute("ALTER TABLE learner_memories ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE learner_skills ENABLE ROW LEVEL SECURITY")


def downgrade() -> None:
    op.execute("DROP TABLE learner_skills")
    op.execute("DROP TABLE learner_memories")
    op.execute("ALTER TABLE learner_words RESET (fillfactor)")
    for column in ("times_seen", "first_seen", "last_seen"):
        op.execute(f"ALTER TABLE learner_words DROP COLUMN {column}")
    op.execute("ALTER TABLE learner_totals DROP COLUMN counted, DROP COLUMN derived_version")
    op.execute("ALTER TABLE session_results DROP COLUMN vocabulary_results, DROP COLUMN skills")
