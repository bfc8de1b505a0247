"""What the deliverer does beside delivering: warnings of streaks that end, and removing old events."""

import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from vorex_sessions.events.deliverer import Context
from vorex_sessions.events.pruning import prune
from vorex_sessions.events.warnings import warn

log = logging.getLogger(__name__)
_EVERY = 600  # seconds


def attempt(now: datetime) -> DBAPIError | PoolTimeout | None:
    """Do all of it once; returns what the database said where something did not work.

    Where one of several machines is away, what is on the others can be delivered nevertheless.
    """
    failed: DBAPIError | PoolTimeout | None = None
    done: dict[str, int] = {}
    works: dict[str, Callable[[], int]] = {"warned": partial(warn, now), "removed": prune}
    for name, work in works.items():
        try:
            done[name] = work()
        except (DBAPIError, PoolTimeout) as error:
            log.warning("events are kept in order later: %s", type(error).__name__)
            failed = error
    if any(done.values()):
        log.info("events kept in order", extra={"fields": done})
    return failed


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
