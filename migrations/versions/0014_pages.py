"""Links to learners' pages, the browsers that show them, and cards that learners share.

An address names no learner, so links and cards are found by an index of their own.
"""

from alembic import op

revision = "0014_pages"
down_revision = "0013_insights"
branch_labels = None
depends_on = None
LOSES = {
    "links to learners' pages, to be asked for again": "page_links",
    "that browsers show learners' pages, to be opened again": "page_sessions",
    "cards that learners share: their addresses show nothing any more": "share_cards",
}

LINKS = """
CREATE TABLE page_links (
    user_id uuid NOT NULL,
    code_hash bytea NOT NULL,
    expires_at timestamptz NOT NULL,
    CONSTRAINT pk_page_links PRIMARY KEY (user_id, code_hash)
)
"""
SESSIONS = """
CREATE TABLE page_sessions (
    user_id uuid NOT NULL,
    secret_hash bytea NOT NULL,
    previous_hash bytea,
    replaced_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    CONSTRAINT pk_page_sessions PRIMARY KEY (user_id, secret_hash)
)
"""
CARDS = """
CREATE TABLE share_cards (
    user_id uuid NOT NULL,
    card_id text NOT NULL,
    figures jsonb NOT NULL,
    locale text NOT NULL,
    theme text NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT pk_share_cards PRIMARY KEY (user_id, card_id)
)
"""
TABLES = {"page_links": LINKS, "page_sessions": SESSIONS, "share_cards": CARDS}
# The tables are new and empty, so that nothing waits for their indexes.
INDEXES = {"page_links": "code_hash", "share_cards": "card_id"}


def upgrade() -> None:
    for name, table in TABLES.items():
        op.execute(table)
        op.execute(f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY")
    for name, column in INDEXES.items():
        op.execute(f"CREATE INDEX ix_{name}_{column} ON {name} ({column})")


def downgrade() -> None:
    for name in reversed(TABLES):
        op.execute(f"DROP TABLE {name}")
