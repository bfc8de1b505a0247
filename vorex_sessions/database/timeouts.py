"""How long the service waits for PostgreSQL: every limit, and a deadline that holds even in a silent network.

psycopg2 calls `_wait` for every wait of a connection, so that gevent serves other requests meanwhile.
libpq's connect_timeout has no effect then, and no setting of libpq helps against a server that stays
connected and says nothing.
"""

import math
import select
import time
from contextvars import ContextVar

from gevent import Timeout, monkey
from gevent.socket import wait_read, wait_write
from psycopg2 import OperationalError, extensions

QUERY_TIMEOUT = 1.5  # seconds for connecting and one query: a client gets its 503 within 2 s
POOL_TIMEOUT = 1  # seconds for a free connection of the pool
# Seconds for a query or a save that reads many thousand words; below the server's limits.
LONG_QUERY_TIMEOUT = 4
LARGE_SAVE_TIMEOUT = 10  # seconds for a batch of many thousand words, also on a busy machine
# Seconds for connecting to a standby and asking how far behind it is, and then for its answer. After them the
# primary is still to be asked.
STANDBY_CHECK, STANDBY_READ = 0.3, 0.8
LOCK_TIMEOUT = "1s"  # for a learner's lock: below QUERY_TIMEOUT, which would cost the connection
# PostgreSQL's own limits, by which it ends what the client has long given up: locks must not stay behind.
SERVER_LIMITS = {"statement_timeout": "5s", "idle_in_transaction_session_timeout": "10s"}
# How often it looks whether the client of a running statement is still there; not on Windows.
CHECK_CLIENT = "client_connection_check_interval"
CHECK_CLIENT_EVERY = "500ms"
ABANDONED_QUERY = 0.7  # seconds after which it has looked, and has ended the statement
LIBPQ_CONNECT_TIMEOUT = 2  # seconds for each address of the host
UNACKNOWLEDGED = 2000  # milliseconds for what was sent to a server that has vanished

_CONNECT_TIMEOUT = 5  # seconds, where no deadline is set, as in `flask db upgrade`

_deadline: ContextVar[float] = ContextVar("deadline", default=math.inf)
_EVENTS = {extensions.POLL_READ: select.POLLIN, extensions.POLL_WRITE: select.POLLOUT}


class TimedOut(OperationalError):
    """The database did not answer in time; psycopg2 has closed the connection."""


def install() -> None:
    """Use this module's wait callback in the whole process."""
    extensions.set_wait_callback(_wait)


class deadline:
    """Let every wait for PostgreSQL within the block end after `seconds`, with TimedOut.

    Of nested blocks the innermost holds. Outside of any block only connecting ends, after 5 s.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def __enter__(self) -> None:
        self._token = _deadline.set(time.monotonic() + self._seconds)

    def __exit__(self, *error: object) -> None:
        _deadline.reset(self._token)


def time_to_connect() -> float:
    """Return the seconds that are left for connecting."""
    return max(0.0, min(_deadline.get() - time.monotonic(), _CONNECT_TIMEOUT))


def extend_deadline(seconds: float) -> None:
    """Let the innermost block under way end `seconds` from now, if that is later."""
    _deadline.set(max(_deadline.get(), time.monotonic() + seconds))


def _wait(connection: extensions.connection) -> None:
    ends = _deadline.get()
    if connection.status == extensions.STATUS_SETUP:
        ends = min(ends, time.monotonic() + _CONNECT_TIMEOUT)
    while (state := connection.poll()) != extensions.POLL_OK:
        left = ends - time.monotonic()
        if left <= 0:
            raise TimedOut("the database did not answer in time")
        _until_ready(connection.fileno(), state, None if left == math.inf else left)


def _by_gevent(file: int, state: int, seconds: float | None) -> None:
    # False: say nothing, for `_wait` looks once more. After a stall of the worker the answer may be there.
    with Timeout(seconds, False):  # type: ignore[arg-type]  # gevent documents False
        (wait_read if state == extensions.POLL_READ else wait_write)(file)


def _by_poll(file: int, state: int, seconds: float | None) -> None:
    poller = select.poll()
    poller.register(file, _EVENTS[state])
    poller.poll(None if seconds is None else math.ceil(seconds * 1000))


# Under gunicorn others are served meanwhile; gevent's own `poll` takes twice as many calls for the same.
_until_ready = _by_gevent if monkey.is_module_patched("select") else _by_poll
