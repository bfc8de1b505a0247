"""Whether the service can do its work: the database answers, and its schema is recent enough."""

import re
from functools import lru_cache

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from vorex_sessions.database import migrate, run
from vorex_sessions.problems.kinds import Unavailable

_REVISION = sa.text("""
SELECT (SELECT version_num FROM alembic_version LIMIT 1) AS revision,
       row_security_active('session_results') AS is_filtered
""")
_NO_TABLE = "42P01"
_NUMBER = re.compile(r"\d+")


def check() -> None:
    """Raise Unavailable, with the reason, if the service should get no traffic."""
    try:
        ((revision, is_filtered),) = run(_REVISION)
    except (OperationalError, PoolTimeout) as error:
        if "startup parameter" in str(error):
            raise Unavailable(
                "The database is behind a transaction pooler that refuses settings at connect; "
                "set DB_TRANSACTION_POOLER=true."
            ) from None
        raise Unavailable("The database does not answer.") from None
    except DBAPIError as error:
        if getattr(error.orig, "pgcode", None) != _NO_TABLE:
            raise
        raise Unavailable("The database has no schema yet; run `flask db upgrade`.") from None
    if _number(revision) < _number(_newest()):
        raise Unavailable(
            f"The database's schema is at {revision or 'no revision'}, this code needs {_newest()}; "
            "run `flask db upgrade`."
        )
    if is_filtered:
        raise Unavailable(
            "Row level security hides session_results from the database role of the service; "
            "connect as the role that owns the tables."
        )


@lru_cache(maxsize=1)
def _newest() -> str:
    """Return the newest revision of this code; a revision's id is the name of its file."""
    return max(path.stem for path in (migrate.FOLDER / "versions").glob("[0-9]*.py"))


def _number(revision: str | None) -> int:
    """Return the number of a revision: 0001_session_results is 1."""
    match = _NUMBER.match(revision or "")
    return int(match.group()) if match else 0
