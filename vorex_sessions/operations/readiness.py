"""Whether the service can do its work: the database answers, takes writes, and is set up as it must be."""

import re
import time
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from vorex_sessions import metrics
from vorex_sessions.database import faults, migrate, prepared, run
from vorex_sessions.database.engine import expected_settings
from vorex_sessions.database.machines import states as machines_of_citus
from vorex_sessions.database.standbys import current_standby
from vorex_sessions.extensions import db
from vorex_sessions.flask_config import setting
from vorex_sessions.problems.kinds import Unavailable

_STATE = prepared(
    sa.text("""
SELECT (SELECT version_num FROM alembic_version LIMIT 1) AS revision,
       current_setting('transaction_read_only') = 'on' AS is_read_only,
       current_setting('server_encoding') AS encoding,
       current_schema() AS schema,
       CAST(current_setting('extra_float_digits') AS integer) AS float_digits,
       (SELECT json_object_agg(name, current_setting(name)) FROM unnest(CAST(:settings AS text[])) AS name)
           AS settings,
       hidden, locked
  FROM (SELECT min(relname) FILTER (WHERE row_security_active(oid)) AS hidden,
               min(relname) FILTER (WHERE NOT (
                   has_table_privilege(oid, 'SELECT') AND has_table_privilege(oid, 'INSERT')
                   AND has_table_privilege(oid, 'UPDATE') AND has_table_privilege(oid, 'DELETE')
               )) AS locked
          FROM pg_class
         WHERE oid = ANY (ARRAY(SELECT to_regclass(name) FROM unnest(CAST(:tables AS text[])) AS name))
       ) AS tables
""")
)
_NO_TABLE, _NO_PRIVILEGE = "42P01", "42501"
_NUMBER = re.compile(r"\d+")


def check() -> None:
    """Raise Unavailable, with the reason, if the service should get no traffic."""
    state = _state()
    if state.is_read_only:
        # Another server may take writes by now; the next request finds it.
        faults.drop_pools()
        state = _state()
    if problem := _problem(state):
        raise Unavailable(problem)


def standby() -> dict[str, Any]:
    """The member of the answer that says how far the standby is behind, if there is one; sets its gauge.

    Raises DBAPIError and PoolTimeout where the primary does not answer.
    """
    found = current_standby()
    if found is None:
        return {}
    look = found.look()
    if look.lag is None:
        return {"standby": {"state": look.reason, "lag_seconds": None}}
    seconds = look.lag.total_seconds()
    metrics.STANDBY_REPLAYED.set(time.time() - seconds)
    return {"standby": {"state": look.reason or "used", "lag_seconds": round(seconds, 3)}}


def machines() -> dict[str, Any]:
    """The member of the answer that says which machines of Citus are there, with DB_DISTRIBUTED.

    One that is away makes the service no less ready: the learners of the others are served.
    """
    if not setting("DB_DISTRIBUTED"):
        return {}
    return {
        "machines": [{"address": one, "state": state} for one, state in machines_of_citus().items()]
    }


def _state() -> Any:
    try:
        settings = list(expected_settings(current_app.config))
        return run(_STATE, {"tables": _tables(), "settings": settings})[0]
    except (OperationalError, PoolTimeout) as error:
        if "startup parameter" in str(error):
            if setting("DB_TRANSACTION_POOLER"):
                raise Unavailable(
                    "The transaction pooler refuses `options=` of DATABASE_URL; "
                    "set them for the database role instead."
                ) from None
            raise Unavailable(
                "The database is behind a transaction pooler that refuses settings at connect; "
                "set DB_TRANSACTION_POOLER=true."
            ) from None
        raise Unavailable("The database does not answer.") from None
    except DBAPIError as error:
        code = getattr(error.orig, "pgcode", None)
        if code == _NO_TABLE:
            raise Unavailable("The database has no schema yet; run `flask db upgrade`.") from None
        if code == _NO_PRIVILEGE:
            raise Unavailable(_locked("alembic_version")) from None
        raise


def _problem(state: Any) -> str | None:
    """Return the first thing that is wrong, and what to do about it."""
    if state.is_read_only:
        return "The database is read-only: a standby, or set so; the service waits for one that takes writes."
    if state.encoding != "UTF8":
        return f"The database's encoding is {state.encoding}; create the database with ENCODING 'UTF8'."
    if problem := migrate.schema_problem(state.schema, setting("DATABASE_SCHEMA")):
        return problem
    if state.hidden:
        return (
            f"Row level security hides {state.hidden} from the database role of the service; "
            "connect as the role that owns the tables."
        )
    if state.locked:
        return _locked(state.locked)
    if _number(state.revision) < _number(_newest()):
        return (
            f"The database's schema is at {state.revision or 'no revision'}, this code needs {_newest()}; "
            "run `flask db upgrade`."
        )
    return _problem_of_settings(state)


def _problem_of_settings(state: Any) -> str | None:
    is_pooled = setting("DB_TRANSACTION_POOLER")
    expected = {} if is_pooled else expected_settings(current_app.config)
    for name, value in expected.items():
        if state.settings[name] != value:
            return (
                f"{name} is not what the service has set at connect: a pooler ignores `options`; "
                "set DB_TRANSACTION_POOLER=true."
            )
    if state.float_digits < 1:
        return "extra_float_digits is below 1, so numbers lose digits; set it to 1 for the role."
    return None


def _locked(table: str) -> str:
    return (
        f"The database role of the service may not read and write {table}; "
        "connect as the role that owns the tables."
    )


@lru_cache(maxsize=1)
def _tables() -> list[str]:
    return [table.name for table in db.metadata.tables.values()]


@lru_cache(maxsize=1)
def _newest() -> str:
    """Return the newest revision of this code; a revision's id is the name of its file."""
    return max(path.stem for path in (migrate.FOLDER / "versions").glob("[0-9]*.py"))


def _number(revision: str | None) -> int:
    """Return the number of a revision: 0001_session_results is 1."""
    match = _NUMBER.match(revision or "")
    return int(match.group()) if match else 0
