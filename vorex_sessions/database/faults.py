"""What an error says about its connection, its server and its plans; what then is thrown away."""

import time
from typing import Any

import psycopg2

from vorex_sessions.database.pool import ABANDONED, FRESH, FairPool
from vorex_sessions.database.prepared_statements import PREPARED, PreparedStatements
from vorex_sessions.database.timeouts import TimedOut
from vorex_sessions.extensions import db

CONNECTED = "vorex_connected"  # when a pooled connection was made (monotonic), in its `info`
STANDBY = "vorex_standby"  # there if it was made to be one to a standby

# SQLSTATEs by which a server that is yet to hang up says that it will: admin_shutdown, crash_shutdown,
# cannot_connect_now.
_SHUTTING_DOWN = {"57P01", "57P02", "57P03"}
READ_ONLY = "25006"
# A plan whose tables have changed since: "cached plan must not change result type".
_STALE_PLAN = "0A000"
# A plan that is not there, or there already: a pooler has put other server connections behind this one.
LOST_PLAN = {"26000", "42P05"}


def cure(connection: Any, error: psycopg2.Error) -> bool:
    """Throw away what the error says is of no use; returns whether another attempt may work."""
    state = error.pgcode
    plans: PreparedStatements = connection.info[PREPARED]
    if isinstance(error, TimedOut):
        abandon(connection)
    elif connection.closed or state in _SHUTTING_DOWN:
        connection.invalidate()
    elif state in LOST_PLAN and plans.enabled:
        plans.disable()
    elif _is_elsewhere(connection, state):
        drop_pools()
        connection.invalidate()
    else:
        return False
    return True


def _is_elsewhere(connection: Any, state: str | None) -> bool:
    """Whether new connections may do what no pooled one does."""
    if state == READ_ONLY:
        return STANDBY not in connection.info and is_settled(connection.info)
    return state == _STALE_PLAN and connection.info[PREPARED].kept


def abandon(connection: Any) -> None:
    """Throw away a connection whose server may still be busy with what was asked for."""
    connection.info[ABANDONED] = True
    connection.invalidate()


def is_settled(info: Any) -> bool:
    """Whether a connection is old enough for a new one to find another server."""
    return bool(time.monotonic() - info[CONNECTED] > FRESH)


def drop_pools() -> None:
    """Make every pooled connection anew at its next use, also those of downloads."""
    for engine in db.engines.values():
        assert isinstance(engine.pool, FairPool)  # noqa: S101  # as engine_options says
        engine.pool.renew()
