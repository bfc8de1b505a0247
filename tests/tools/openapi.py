"""Write openapi.json as the app serves it: `python -m tests.tools.openapi FILE`. Needs no database."""

import sys
from pathlib import Path

import config
from tests.factories import SECRET
from vorex_sessions import create_app


def document() -> bytes:
    """The document, of an app that never connects to a database."""
    settings = config.read(
        {"DATABASE_URL": "postgresql://nowhere/none", "SUPABASE_JWT_SECRET": SECRET}
    )
    return create_app(settings).test_client().get("/openapi.json").data


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(document())
