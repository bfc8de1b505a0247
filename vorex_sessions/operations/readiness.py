"""Whether the service can do its work: the database answers, and its schema is recent enough."""

import re
from functools import lru_cache

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from vorex_sessions.database import migrate
from vorex_sessions.database.queries import run
from vorex_sessions.problems.kinds import Unavailable

_REVISION = sa.text("""
SELECT (SELECT version_num FROM alembic_version LIMIT 1) AS revision,
       row_security_active('session_results') AS blind
""")
_NO_TABLE = "42P01"
_NUMBER = re.compile(r"\d+")


def check() -> None:
    """Raises Unavailable with the reason where the service should get no traffic."""
    try:
        ((revision, blind),) = run(_REVISION)
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
    if blind:
        raise Unavailable(
            "Row level security hides session_results from the database role of the service; "
            "connect as the role that owns the tables."
        )


@lru_cache(maxsize=1)
def _newest() -> str:
    """The newest revision that this code knows: a revision's id is the name of its file."""
    return max(path.stem for path in (migrate.FOLDER / "versions").glob("[0-9]*.py"))


def _number(revision: str | None) -> int:
    """Revisions are a numbered diary: 0001_session_results is 1."""
    found = _NUMBER.match(revision or "")
    return int(found.group()) if found else 0
