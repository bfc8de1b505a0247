"""The language that a session practised."""

from alembic import op
from flask import current_app

revision = "0007_languages"
down_revision = "0006_rollups"
branch_labels = None
depends_on = None
# Those that an upgrade would not give to all sessions again.
LOSES = {
    "languages of sessions": (
        "session_results WHERE language <> (SELECT split_part(column_default, '''', 2)"
        " FROM information_schema.columns WHERE table_schema = current_schema()"
        " AND table_name = 'session_results' AND column_name = 'language')"
    )
}


def upgrade() -> None:
    # A constant default changes no row: the lock lasts a moment, whatever the table's size. The setting is a
    # language tag, of letters, digits and `-` (config.py).
    language = current_app.config["DEFAULT_LANGUAGE"]
    op.execute(
        f"ALTER TABLE session_results ADD COLUMN language text NOT NULL DEFAULT '{language}'"
    )


def downgrade() -> None:
    op.execute("ALTER TABLE session_results DROP COLUMN language")
