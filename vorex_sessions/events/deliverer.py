"""Delivers events: leases them, sends them in threads, and notes the answers. Any number of processes may.

No transaction is open while something is sent. Whatever was sent and not noted, because the process died or
the database was away, is sent again.
"""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager
from dataclasses import dataclass

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from vorex_sessions.events import queues
from vorex_sessions.events.queues import Parcel
from vorex_sessions.hooks.destinations import Answer, Destination, Outcome
from vorex_sessions.hooks.registry import registry

log = logging.getLogger(__name__)

AT_ONCE = 8  # requests to a destination, of one process
_POLL = 1.0  # seconds until it looks again
_AFTER_ERROR = 5.0  # seconds, where the database is away
Context = Callable[[], AbstractContextManager[object]]


@dataclass
class Count:
    """How many events were delivered, and how many attempts failed."""

    delivered: int = 0
    failed: int = 0


def configured() -> list[Destination]:
    """The destinations that the settings name."""
    return [one for one in registry().destinations if one.is_configured()]


class Deliverer:
    """Delivers until `stopping` is set, or with `once` until nothing is due."""

    def __init__(self, context: Context, stopping: threading.Event, *, once: bool) -> None:
        """`context` makes the app's context, for each thread."""
        self._context, self._stopping, self._once = context, stopping, once
        self._destinations = configured()
        self._running: dict[Future[Answer], Parcel] = {}
        self.count = Count()

    def run(self) -> Count:
        """Deliver; what is being sent is waited for. Raises DBAPIError and PoolTimeout, with `once`."""
        with ThreadPoolExecutor(AT_ONCE * max(1, len(self._destinations))) as pool:
            while not self._stopping.is_set():
                try:
                    has_work = self._step(pool)
                except (DBAPIError, PoolTimeout) as error:
                    if self._once:
                        raise
                    log.warning("events wait for the database: %s", type(error).__name__)
                    self._stopping.wait(_AFTER_ERROR)
                    continue
                if not has_work:
                    if self._once:
                        break
                    self._stopping.wait(_POLL)
            while self._running:
                self._note_last()
        return self.count

    def _note_last(self) -> None:
        """Note what is answered while it stops; what cannot be noted is sent again by another one."""
        try:
            self._note_finished()
        except (DBAPIError, PoolTimeout) as error:
            log.warning("events will be sent again: %s", type(error).__name__)

    def _step(self, pool: ThreadPoolExecutor) -> bool:
        """Send what is due, and note what has been answered; returns whether there was any."""
        for destination in self._destinations:
            running = sum(one.destination is destination for one in self._running.values())
            if free := AT_ONCE - running:
                for parcel in queues.parcels(destination, free):
                    self._running[pool.submit(self._send, parcel)] = parcel
        if not self._running:
            return False
        self._note_finished()
        return True

    def _note_finished(self) -> None:
        finished, _ = wait(self._running, timeout=_POLL, return_when=FIRST_COMPLETED)
        for future in finished:
            parcel, answer = self._running.pop(future), future.result()
            self._log(parcel, answer)
            queues.note(parcel, answer)

    def _send(self, parcel: Parcel) -> Answer:
        with self._context():
            try:
                return parcel.destination.send(parcel.events)
            except Exception as error:
                log.exception("events could not be sent")
                return Answer(Outcome.FAILED, type(error).__name__)

    def _log(self, parcel: Parcel, answer: Answer) -> None:
        if answer.outcome is Outcome.DELIVERED:
            self.count.delivered += len(parcel.events)
            return
        self.count.failed += 1
        fields = {
            "destination": parcel.destination.name,
            "answer": answer.says,
            "events": len(parcel.events),
            "attempts": max(one.attempts for one in parcel.queues) + 1,
            "given_up": answer.outcome is Outcome.FAILED and queues.is_given_up(parcel),
            "closed": answer.outcome is Outcome.CLOSED,
        }
        log.warning("events were not delivered", extra={"fields": fields})
