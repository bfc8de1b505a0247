"""The offline queue: what is added to it is kept until the service has stored it or refused it for good."""

import contextlib
import json
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any
from uuid import uuid4

from vorex_sessions_client.batches import BatchSize
from vorex_sessions_client.client import SessionsClient
from vorex_sessions_client.clock import Mark
from vorex_sessions_client.corrections import complete, shifted
from vorex_sessions_client.entries import Entries, Entry, Unknown, prefix_of
from vorex_sessions_client.events import Added, Event, FlushReport, Postponed, Stopped
from vorex_sessions_client.pauses import PauseOptions, Pauses
from vorex_sessions_client.problems import Problem
from vorex_sessions_client.sending import Answered, Later, Refused, TooLarge, ask_time, send_batch
from vorex_sessions_client.settling import Settling
from vorex_sessions_client.storage import Storage
from vorex_sessions_client.types import NewSession


class PracticeQueue:
    """Keeps the sessions of one learner. Threads may share it, and processes its storage."""

    def __init__(
        self,
        client: SessionsClient,
        *,
        learner: str,
        storage: Storage,
        on_event: Callable[[Event], None] = lambda event: None,
        pauses: PauseOptions | None = None,
    ) -> None:
        """Set up the queue of a learner, by id: each learner of a device has a queue of their own."""
        if not learner:
            raise ValueError("The queue needs the learner's id.")
        self._http = client.http.for_learner(learner)
        self._clock, self._on_event = self._http.clock, on_event
        self._pauses = Pauses(self._clock, pauses or PauseOptions())
        self._entries = Entries(storage, prefix_of(learner), self._tell)
        self._settling = Settling(self._entries, self._clock, self._tell)
        self._size = BatchSize()
        self._stopped: Stopped | None = None
        self._flushing = threading.Lock()
        # In how many failed requests an entry was: the others go first, so that none can block them.
        self._failures: Counter[str] = Counter()
        # Times that may be wrong, of entries that no request of this run has had yet.
        self._untimed: dict[str, tuple[str, Mark]] = {}
        self._asked_time = False

    def add(self, session: NewSession) -> Added:
        """Keep a session that has ended. Once this returns with `durable`, it survives the program.

        It gets an id, the time and the time zone, where it has none. Added twice with its id, it is one.
        Raises TypeError or ValueError for what cannot be written as JSON.
        """
        # Before anything is kept; also, the caller may change its own later.
        session = json.loads(json.dumps(session, allow_nan=False))
        id = session.get("session_result_id") or str(uuid4())
        entry = self._known(id) if session.get("session_result_id") else None
        if entry is None:
            mark = self._clock.mark()
            entry = Entry(complete(session, id, self._clock.now()), added=mark.wall)
            if not session.get("completed_at") and self._clock.skew() is None:
                self._untimed[id] = entry.session["completed_at"], mark
        return Added(id, durable=self._entries.put(entry))

    def flush(self, *, force: bool = False) -> FlushReport:
        """Send what waits. Raises nothing. With `force` it does not wait for the end of a pause.

        Call it when the program starts, after `add` and from time to time, as often as you like: it keeps the
        pauses that the service asks for.
        """
        with self._flushing:
            try:
                self._try_sending(force)
            except Exception:
                # Such as an answer that nobody foresaw: it must not end the program.
                self._fail((), Later())
            waiting = len(self._pending())
            if not waiting:
                return FlushReport(0, None, None)
            return FlushReport(waiting, self._pauses.remaining(), self._stopped)

    def waiting(self) -> list[dict[str, Any]]:
        """Return the sessions that wait."""
        return [entry.session for entry in self._pending()]

    def set_aside(self) -> list[tuple[dict[str, Any], Problem]]:
        """Return the sessions that the service refused for good, with the reason."""
        return [(entry.session, entry.problem) for entry in self._entries.all() if entry.problem]

    def retry(self, id: str) -> None:
        """Put a session that was set aside back, such as when what refused it was cured."""
        with contextlib.suppress(Unknown):
            if entry := self._entries.find(id):
                self._entries.put(replace(entry, problem=None, corrected=()))

    def forget(self, id: str) -> None:
        """Remove a session that was set aside or waits."""
        self._entries.remove(id)

    def _known(self, id: str) -> Entry | None:
        with contextlib.suppress(Unknown):
            if (entry := self._entries.find(id)) and not entry.problem:
                return entry
        return None

    def _pending(self) -> list[Entry]:
        entries = [entry for entry in self._entries.all() if not entry.problem]
        return sorted(entries, key=lambda entry: self._failures[entry.id])

    def _has_new_token(self) -> bool:
        """Return whether, after a 401 that a refresh did not cure, the app has another token now."""
        if not self._stopped or self._stopped.status != 401 or not self._pauses.remaining():
            return False
        return self._http.has_new_token()

    def _try_sending(self, force: bool) -> None:
        self._entries.retry()
        if force or self._has_new_token():
            self._pauses.end()
        if not self._pauses.remaining():
            self._send_all()

    def _send_all(self) -> None:
        """Send until nothing is left that this flush has not tried, or until a request fails."""
        tried: set[str] = set()
        while entries := [entry for entry in self._pending() if entry.id not in tried]:
            tried.update(entry.id for entry in entries)
            if failure := self._learn_time(entries):
                return self._fail(entries, failure)
            if not self._send_each(self._timed(entries)):
                return None
        return None

    def _send_each(self, entries: list[Entry]) -> bool:
        """Send these, in as few requests as fit. Return whether all of them were settled."""
        while entries:
            batch = self._size.next(entries)
            for entry in batch:
                self._untimed.pop(entry.id, None)
            outcome = send_batch(self._http, batch)
            if isinstance(outcome, TooLarge) and len(batch) > 1:
                self._size.too_large(batch)
                continue
            entries = entries[len(batch) :]
            if isinstance(outcome, Answered):
                again, unsettled = self._settling.settle(batch, outcome.items)
                if unsettled:
                    self._fail(unsettled, Later(200))
                    return False
                entries = again + entries
            elif isinstance(outcome, TooLarge):
                if self._settling.is_current(batch[0]):
                    self._settling.put_aside(batch[0], outcome.problem)
            else:
                self._fail(batch, outcome)
                return False
            self._succeed(batch)
        return True

    def _succeed(self, batch: Sequence[Entry]) -> None:
        for entry in batch:
            del self._failures[entry.id]
        self._stopped = None
        self._pauses.succeeded()
        self._size.succeeded()

    def _fail(self, batch: Sequence[Entry], outcome: TooLarge | Refused | Later) -> None:
        """Pause after a request that told nothing of these entries."""
        self._failures.update(entry.id for entry in batch)
        if isinstance(outcome, Refused):
            if outcome.status in (400, 422):
                self._size.failed(batch)
            self._stopped = Stopped(outcome.status, outcome.problem)
            self._pauses.refused()
            self._tell(self._stopped)
        elif isinstance(outcome, Later):
            if outcome.status not in (429, 503):
                self._size.failed(batch)
            self._stopped = None
            self._pauses.failed(outcome.retry_after)
            self._tell(Postponed(outcome.status, self._pauses.remaining() or 0.0))

    def _learn_time(self, entries: Sequence[Entry]) -> TooLarge | Refused | Later | None:
        """Learn the server's time, once, where entries need it. Return why nothing can be sent now."""
        is_needed = any(entry.id in self._untimed for entry in entries)
        if not is_needed or self._asked_time or self._clock.skew() is not None:
            return None
        failure = ask_time(self._http)
        self._asked_time = failure is None
        return failure

    def _timed(self, entries: Sequence[Entry]) -> list[Entry]:
        """Correct the times of entries of this run that no request has had yet.

        The service accepts a time that is too early, so nobody else would notice.
        """
        skew = self._clock.skew()
        if not skew:
            return list(entries)
        return [timed for entry in entries if (timed := self._shifted(entry, skew))]

    def _shifted(self, entry: Entry, skew: float) -> Entry | None:
        """Return an entry with the right time; None if another process has settled it meanwhile."""
        time, mark = self._untimed.get(entry.id, (None, None))
        # Another process may have corrected it already.
        if mark is None or time != entry.session.get("completed_at") or self._clock.jumped(mark):
            return entry
        if not self._settling.is_current(entry):
            return None
        better = shifted(entry, skew)
        self._entries.put(better)
        return better

    def _tell(self, event: Event) -> None:
        with contextlib.suppress(Exception):  # the app's own error must not cost a session
            self._on_event(event)
