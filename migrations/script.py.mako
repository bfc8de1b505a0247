"""${message}."""

from alembic import op

revision = "${up_revision}"
down_revision = "${down_revision}"
branch_labels = None
depends_on = None
# What a downgrade removes that nothing can derive again, and in which rows: {"moods": "moods"}
LOSES: dict[str, str] = {}


def upgrade() -> None:
    op.execute("ALTER TABLE …")  # one command per execute


def downgrade() -> None:
    op.execute("ALTER TABLE …")
