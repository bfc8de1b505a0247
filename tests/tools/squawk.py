"""Check the SQL of the migrations with squawk: `python -m tests.tools.squawk PATH_OF_SQUAWK`."""

import contextlib
import io
import subprocess
import sys
import tempfile
from pathlib import Path

import config
from vorex_sessions import create_app
from vorex_sessions.database.migrate import upgrade

# Rules that are left out, with the reason:
EXCLUDED = {
    "prefer-bigint-over-int": "seconds and words are bounded by a CHECK, far below the limit",
    "prefer-text-field": "the one varchar is in Alembic's own table",
}


def main(squawk: str) -> int:
    app = create_app(
        config.read({"DATABASE_URL": "postgres://x/y", "SUPABASE_JWT_SECRET": "x" * 32})
    )
    printed = io.StringIO()
    with app.app_context(), contextlib.redirect_stdout(printed):
        upgrade(sql=True)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "migrations.sql"
        path.write_text(printed.getvalue())
        rules = ",".join(EXCLUDED)
        return subprocess.call([squawk, "--pg-version", "15.0", f"--exclude={rules}", path])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
