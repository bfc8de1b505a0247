"""What the deliverer does beside delivering: warnings of streaks that end, and removing old events."""

import logging
import threading
from datetime import UTC, datetime

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from vorex_sessions.events.deliverer import Context
from vorex_sessions.events.pruning import prune
from vorex_sessions.events.warnings import warn

log = logging.getLogger(__name__)
_EVERY = 600  # seconds


def attempt(now: datetime) -> DBAPIError | PoolTimeout | None:
    """Do all of it once; returns what the database said where it did not work.

    Where one of several machines is away, what is on the others can be delivered nevertheless.
    """
    try:
        _run(now)
    except (DBAPIError, PoolTimeout) as error:
        log.warning("events are kept in order later: %s", type(error).__name__)
        return error
    return None


def _run(now: datetime) -> None:
    removed, warned = prune(), warn(now)
    if warned or removed:
        log.info("events kept in order", extra={"fields": {"warned": warned, "removed": removed}})


def start(context: Context, stopping: threading.Event) -> None:
    """Do it every ten minutes in a thread, until `stopping` is set."""
    threading.Thread(target=_run_on, args=(context, stopping), daemon=True).start()


def _run_on(context: Context, stopping: threading.Event) -> None:
    while not stopping.is_set():
        with context():
            try:
                attempt(datetime.now(UTC))
            except Exception:  # else nothing would be removed any more, while all seems well
                log.exception("events could not be kept in order")
        stopping.wait(_EVERY)
