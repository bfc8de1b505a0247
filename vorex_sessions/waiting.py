"""How long we wait for PostgreSQL: a deadline that holds even where the network swallows everything.

psycopg2 hands us every wait of a connection, so that gevent's workers serve others meanwhile (`select` is
patched there). libpq's own connect_timeout has no effect then, and none of its settings helps against a
server that stays connected and says nothing.
"""

import math
import select
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from psycopg2 import OperationalError, extensions

PATIENCE = 1.5  # seconds for connecting and one question, so that a client hears of it within 2 s

_CONNECTING = 5  # seconds for a connection where nothing else was said, as in `flask db upgrade`

_deadline: ContextVar[float] = ContextVar("deadline", default=math.inf)
_EVENTS = {extensions.POLL_READ: select.POLLIN, extensions.POLL_WRITE: select.POLLOUT}


class TimedOut(OperationalError):
    """The database did not answer in time; psycopg2 has closed the connection."""


def install() -> None:
    """Wait for PostgreSQL as this module says, in the whole process."""
    extensions.set_wait_callback(_wait)


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Whatever is asked of PostgreSQL within ends after this long, with TimedOut.

    Elsewhere only connecting does, after 5 s.
    """
    token = _deadline.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _deadline.reset(token)


def _wait(connection: extensions.connection) -> None:
    deadline = _deadline.get()
    if connection.status == extensions.STATUS_SETUP:
        deadline = min(deadline, time.monotonic() + _CONNECTING)
    while (state := connection.poll()) != extensions.POLL_OK:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimedOut("the database did not answer in time")
        poller = select.poll()
        poller.register(connection.fileno(), _EVENTS[state])
        poller.poll(None if left == math.inf else math.ceil(left * 1000))
