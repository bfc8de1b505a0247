"""Words, memories, skills and comparisons by language.

Rows that are there are of the language that 0007_languages gave to their sessions, as a constant default, so
that none is written. Each new key is built beside the old one while saves go on, and takes its place behind
a lock of a moment. Each statement is a transaction of its own and can run again: after a kill, upgrade again.
"""

import time

from alembic import op
from flask import current_app
from sqlalchemy.exc import OperationalError

revision = "0008_words_by_language"
down_revision = "0007_languages"
branch_labels = None
depends_on = None
LOSES: dict[str, str] = {}  # rows of other languages are derived again, as rows of one language

KEYS = {
    "learner_words": "user_id, language, word",
    "learner_memories": "user_id, language, word",
    "learner_skills": "user_id, language, skill",
    "cohort_standings": "user_id, language, period, level, measure",
    "cohorts": "language, period, level, measure",
}
OLD_KEYS = {table: key.replace("language, ", "") for table, key in KEYS.items()}
INDEXES = {
    "ix_learner_memories_language": "learner_memories (user_id, language, due_on)",
    "ix_cohort_standings_language": "cohort_standings (language, period, level, measure)",
}
OLD_INDEXES = {
    "ix_learner_memories_due": "learner_memories (user_id, due_on)",
    "ix_cohort_standings_cohort": "cohort_standings (period, level, measure)",
}
LOCK_TIMEOUT = "200ms"  # whoever comes after a statement that waits for a lock waits for it, too
ATTEMPTS = 300
LOCK_NOT_AVAILABLE = "55P03"


def upgrade() -> None:
    language = current_app.config["DEFAULT_LANGUAGE"]
    with op.get_context().autocommit_block():
        # Behind a transaction pooler a setting would stay with some other client's connection.
        has_session = not current_app.config["DB_TRANSACTION_POOLER"]
        if has_session:
            op.execute("SET statement_timeout = 0")
        briefly(
            "ALTER TABLE learner_totals ADD COLUMN IF NOT EXISTS languages text[] NOT NULL"
            f" DEFAULT '{{{language}}}'"
        )
        for table, key in KEYS.items():
            briefly(
                f"ALTER TABLE {table} ADD COLUMN IF NOT EXISTS language text NOT NULL"
                f" DEFAULT '{language}'"
            )
            build("UNIQUE INDEX", f"pk_{table}_new", f"{table} ({key})")
        for name, columns in INDEXES.items():
            build("INDEX", name, columns)
        # From here on, processes of the release before cannot save words any more (docs/operating.md).
        for table in KEYS:
            briefly(
                "-- squawk-ignore ban-drop-constraint\n"
                f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS pk_{table},"
                f" ADD CONSTRAINT pk_{table} PRIMARY KEY USING INDEX pk_{table}_new"
            )
        for name in OLD_INDEXES:
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
        if language.split("-")[0] != "en":  # the one graph so far is English
            briefly("TRUNCATE learner_skills")
        if has_session:
            op.execute("RESET statement_timeout")


def build(kind: str, name: str, columns: str) -> None:
    """Build an index while rows are written; anew where a killed upgrade has left one: it may be invalid."""
    op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
    op.execute(f"CREATE {kind} CONCURRENTLY IF NOT EXISTS {name} ON {columns}")


def briefly(statement: str) -> None:
    """Run a statement that locks out everybody for a moment; again where somebody has the table longer."""
    for attempt in range(ATTEMPTS):
        try:
            return op.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}';\n{statement}")
        except OperationalError as error:
            if error.orig.pgcode != LOCK_NOT_AVAILABLE or attempt == ATTEMPTS - 1:
                raise
            time.sleep(1)


def downgrade() -> None:
    language = current_app.config["DEFAULT_LANGUAGE"]
    is_other = f"language <> '{language}'"
    op.execute(
        "UPDATE learner_totals SET counted = false, derived_version = 0"  # noqa: S608  # our own names
        f" WHERE user_id IN (SELECT user_id FROM session_results WHERE {is_other})"
    )
    if language.split("-")[0] != "en":  # the release before has skills of every session
        op.execute("UPDATE learner_totals SET derived_version = 0")
    for table, key in OLD_KEYS.items():
        op.execute(f"DELETE FROM {table} WHERE {is_other}")  # noqa: S608  # as above
        op.execute(f"ALTER TABLE {table} DROP COLUMN language")  # with it goes its key
        op.execute(f"ALTER TABLE {table} ADD CONSTRAINT pk_{table} PRIMARY KEY ({key})")
    for name, columns in OLD_INDEXES.items():
        op.execute(f"CREATE INDEX {name} ON {columns}")
    op.execute("ALTER TABLE learner_totals DROP COLUMN languages")
