"""What was deleted on purpose stays deleted: an id and a time, kept for good."""

from alembic import op

revision = "0002_tombstones"
down_revision = "0001_session_results"
branch_labels = None
depends_on = None
LOSES = {
    "ids of deleted sessions": "deleted_sessions",
    "ids of erased learners": "erased_learners",
}

DELETED = """
CREATE TABLE deleted_sessions (
    user_id uuid NOT NULL,
    session_result_id uuid NOT NULL,
    deleted_at timestamptz NOT NULL,
    CONSTRAINT pk_deleted_sessions PRIMARY KEY (user_id, session_result_id)
)
"""

ERASED = """
CREATE TABLE erased_learners (
    user_id uuid NOT NULL,
    erased_at timestamptz NOT NULL,
    closed boolean NOT NULL DEFAULT false,
    CONSTRAINT pk_erased_learners PRIMARY KEY (user_id)
)
"""


def upgrade() -> None:
    op.execute(DELETED)
    op.execute(ERASED)
    op.execute("ALTER TABLE deleted_sessions ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE erased_learners ENABLE ROW LEVEL SECURITY")


def downgrade() -> None:
    op.execute("DROP TABLE deleted_sessions")
    op.execute("DROP TABLE erased_learners")
