"""The service writes `updated_at` itself; the trigger is left to what gives no version.

That are processes of the release before, while they still run. A correction of this release runs no trigger,
and `flask scale distribute` can drop it: Citus takes no triggers, so there is no downgrade there.
"""

from alembic import op

revision = "0015_updated_at"
down_revision = "0014_pages"
branch_labels = None
depends_on = None
LOSES: dict[str, str] = {}

TRIGGER = """
CREATE OR REPLACE TRIGGER session_results_updated_at BEFORE UPDATE ON session_results
    FOR EACH ROW{} EXECUTE FUNCTION vorex_set_updated_at()
"""


def upgrade() -> None:
    op.execute(TRIGGER.format(" WHEN (NEW.version = OLD.version)"))


def downgrade() -> None:
    op.execute(TRIGGER.format(""))
