"""How long the service waits for PostgreSQL: every limit, and a deadline that holds even in a silent network.

psycopg2 calls `_wait` for every wait of a connection, so that gevent serves other requests meanwhile (it
patches `select`). libpq's connect_timeout has no effect then, and no setting of libpq helps against a server
that stays connected and says nothing.
"""

import math
import select
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

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


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Let every wait for PostgreSQL within the block end after `seconds`, with TimedOut.

    Of nested blocks the innermost holds. Outside of any block only connecting ends, after 5 s.
    """
    token = _deadline.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _deadline.reset(token)


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
        poller = select.poll()
        poller.register(connection.fileno(), _EVENTS[state])
        poller.poll(None if left == math.inf else math.ceil(left * 1000))
