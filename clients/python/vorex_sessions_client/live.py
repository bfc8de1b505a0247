"""Practice that goes on: heartbeats of totals, so that only the newest matters and none is ever lost."""

import contextlib
import threading
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any
from uuid import uuid4

from vorex_sessions_client.client import SessionsClient
from vorex_sessions_client.clock import local_time, time_zone
from vorex_sessions_client.corrections import server_time
from vorex_sessions_client.events import (
    Added,
    Beaten,
    Ended,
    LiveEvent,
    Postponed,
    Refused,
)
from vorex_sessions_client.heartbeats import Outcome, is_end, path_of, send_heartbeat
from vorex_sessions_client.kept import KeptHeartbeats
from vorex_sessions_client.pauses import PauseOptions, Pauses
from vorex_sessions_client.queue import PracticeQueue
from vorex_sessions_client.sending import REPEATABLE
from vorex_sessions_client.storage import MemoryStorage, Storage
from vorex_sessions_client.totals import Totals

_INTERVAL = 20.0  # seconds between heartbeats
_LONGEST = timedelta(
    hours=23.9
)  # since the start; the service takes none of more than 24 hours ago


class LivePractice:
    """A live session of one learner. Threads may share it."""

    def __init__(
        self,
        client: SessionsClient,
        *,
        learner: str,
        session: Mapping[str, Any],
        totals: Callable[[], Mapping[str, Any]],
        storage: Storage | None = None,
        on_event: Callable[[LiveEvent], None] = lambda event: None,
        pauses: PauseOptions | None = None,
    ) -> None:
        """Begin practice: `session` has what is practised, or is one of `unfinished` to carry on.

        `totals` returns what has been practised since the start, for each heartbeat. The storage keeps the
        newest heartbeat until the session ends, so that it survives the program.
        """
        if not learner:
            raise ValueError("A live session needs the learner's id.")
        self._http = client.http.for_learner(learner)
        self._clock, self._on_event = self._http.clock, on_event
        self._totals = Totals(totals, session)
        self._pauses = Pauses(self._clock, pauses or PauseOptions())
        self._kept = KeptHeartbeats(storage or MemoryStorage(), learner, self._tell)
        is_resumed = "session_result_id" in session
        # The id under which the session is saved when it ends.
        self.id = str(session["session_result_id"]) if is_resumed else str(uuid4())
        zone = session.get("timezone") if is_resumed else time_zone()
        fixed = {name: session.get(name) for name in ("session_type", "language")}
        fixed["timezone"] = zone
        self._fixed = {name: value for name, value in fixed.items() if value}
        self._begun = self._clock.mark()
        # The start as the service has it; None until a heartbeat has arrived.
        self._started_at: str | None = session["started_at"] if is_resumed else None
        self._seq = int(session["seq"]) if is_resumed else 0
        # Seconds of practice before this, of a session that is carried on.
        self._before = float(session.get("active_seconds") or 0)
        self._newest: dict[str, Any] | None = None
        self._has_ended = False
        self._finished: Added | None = None
        self._is_signed_out = False  # whether the last heartbeat was refused because of its token
        # Reentrant: what `on_event` is told may make it finish or cancel.
        self._counting, self._sending = threading.RLock(), threading.RLock()

    def beat(self) -> float | None:
        """Keep the totals so far and send them, unless the service asked to wait. Raise nothing.

        Returns in how many seconds to call it again; None once the session has ended.
        """
        self._count()
        with self._sending:
            if self._is_signed_out and self._pauses.remaining() and self._http.has_new_token():
                self._pauses.end()
            if not self._has_ended and not self._pauses.remaining():
                try:
                    self._send(may_correct=True)
                except Exception:  # no network, no answer in time, no token to be had
                    self._fail(None, None)
        return None if self._has_ended else min(self._pauses.remaining() or _INTERVAL, _INTERVAL)

    def finish(self, queue: PracticeQueue, session: Mapping[str, Any] | None = None) -> Added:
        """End it by the queue, which keeps the session until it is stored: no heartbeat has to arrive.

        The session has the newest totals; `duration_seconds` is `active_seconds`. What `session` has wins,
        each field by itself. Called again, it ends once.
        """
        self._halt()
        # What is under way is not waited for: it may take long, and comes to nothing once this is saved.
        with self._counting:
            # Another time of the end would be another session under the same id.
            if self._finished is None:
                whole = self._totals.ending(self._fixed, session or {})
                self._finished = queue.add({**whole, "session_result_id": self.id})
                if self._finished.durable:
                    self._forget()
            return self._finished

    def cancel(self) -> None:
        """End it without saving. Raises ProblemError or NoAnswerError; then it may be called again."""
        self._halt()
        with self._sending:  # a heartbeat that is under way would come after the end
            pass
        self._http.json("DELETE", path_of(self.id))
        self._forget()

    def _halt(self) -> None:
        """Let no heartbeat follow."""
        with self._counting:
            self._has_ended = True

    def _count(self) -> None:
        """Take the totals of now, and keep them."""
        with self._counting:
            if self._has_ended:
                return
            # The program's own error must not end the heartbeats: the last totals are sent again.
            with contextlib.suppress(Exception):
                since = timedelta(seconds=self._before + self._clock.since(self._begun))
                totals = self._totals.now()
                self._seq += 1  # also if the answer is lost: the next totals are newer
                started_at = self._started_at or local_time(
                    self._clock.now() - min(since, _LONGEST)
                )
                counted = {**totals, **self._fixed, "started_at": started_at, "seq": self._seq}
                self._newest = counted
                self._kept.put(self.id, counted)

    def _forget(self) -> None:
        with self._counting:
            self._kept.remove(self.id)

    def _send(self, *, may_correct: bool) -> None:
        if self._newest is None:
            return
        outcome = send_heartbeat(self._http, self.id, self._newest)
        if outcome.session is not None:
            self._pauses.succeeded()
            with self._counting:
                is_taken = outcome.session["seq"] <= self._seq
                self._seq = max(self._seq, outcome.session["seq"])
                self._started_at = outcome.session["started_at"]
            if is_taken or not may_correct:
                self._tell(Beaten(outcome.session))
                return
        elif not (may_correct and self._corrects(outcome)):
            self._settle(outcome)
            return
        self._count()  # another device was ahead, or the start is right now
        self._send(may_correct=False)

    def _settle(self, outcome: Outcome) -> None:
        if self._has_ended:
            return  # `finish` was called meanwhile
        if is_end(outcome):
            with self._counting:
                self._has_ended = True
            self._forget()
            self._tell(Ended(outcome.status, outcome.problem))
        elif 400 <= outcome.status < 500 and outcome.status not in REPEATABLE:
            self._pauses.refused()
            self._is_signed_out = outcome.status == 401
            self._tell(Refused(outcome.status, outcome.problem))
        else:
            self._fail(outcome.status, outcome.retry_after)

    def _corrects(self, outcome: Outcome) -> bool:
        """Return whether what is known of the server's time cures the refusal, or to leave the zone out."""
        if outcome.status != 422:
            return False
        named = str(outcome.problem.get("errors"))
        if has_zone := "#/timezone" in named and "timezone" in self._fixed:
            del self._fixed["timezone"]  # the offset of `started_at` says it instead
        if has_start := "#/started_at" in named:
            self._started_at = None  # also of one that is gone after a day: it starts anew
        return has_zone or (has_start and server_time(outcome.problem, self._clock) is not None)

    def _fail(self, status: int | None, retry_after: float | None) -> None:
        self._is_signed_out = False
        self._pauses.failed(retry_after)
        self._tell(Postponed(status, self._pauses.remaining() or 0.0))

    def _tell(self, event: LiveEvent) -> None:
        with contextlib.suppress(Exception):  # the app's own error must not end the heartbeats
            self._on_event(event)
