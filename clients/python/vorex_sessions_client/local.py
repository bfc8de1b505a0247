"""The local copy: the learner's sessions on this device, as the service has them."""

import threading
from collections.abc import Callable
from typing import Any, cast
from urllib.parse import quote

from vorex_sessions_client.chain import Chain, Unreached
from vorex_sessions_client.client import SessionsClient
from vorex_sessions_client.events import Event, Postponed, Stopped, SyncReport
from vorex_sessions_client.pages import Page
from vorex_sessions_client.pauses import PauseOptions, Pauses
from vorex_sessions_client.problems import ConflictError, ProblemError, UnknownSessionError
from vorex_sessions_client.sending import Later, Refused, TooLarge, ask_changes
from vorex_sessions_client.storage import Storage
from vorex_sessions_client.types import CorrectedSession, Correction, SessionResult

_MOST = 100  # changes; the service sends no more at once


class LocalCopy:
    """Keeps a copy of one learner's sessions. Threads may share it, and processes its storage."""

    def __init__(
        self,
        client: SessionsClient,
        *,
        learner: str,
        storage: Storage,
        on_event: Callable[[Event], None] = lambda event: None,
        pauses: PauseOptions | None = None,
        page_size: int = _MOST,
    ) -> None:
        """Set up the copy of a learner, by id: each learner of a device has a copy of their own."""
        if not learner:
            raise ValueError("The copy needs the learner's id.")
        self._http = client.http.for_learner(learner)
        self._on_event = on_event
        self._pauses = Pauses(self._http.clock, pauses or PauseOptions())
        self._chain = Chain(storage, f"vorex-sessions-copy/{quote(learner, safe='')}/", self._tell)
        # Answers to this device's own changes, until the copy has them: sessions; None where deleted.
        self._own: dict[str, Any] = {}
        self._most = self._size = page_size
        self._stopped: Stopped | None = None
        self._syncing, self._using = threading.Lock(), threading.RLock()

    def sync(self, *, force: bool = False) -> SyncReport:
        """Fetch what has changed. Raises nothing. With `force` it does not wait for the end of a pause.

        Call it when the program starts, after a flush of the queue and from time to time. Stopped anywhere,
        the next one goes on from there.
        """
        with self._syncing:
            complete = False
            try:
                complete = self._may_send(force) and self._fetch_all()
            except Unreached:
                self._pauses.failed(None)
            except Exception:  # such as an answer that nobody foresaw: it must not end the program
                self._fail(Later())
            durable = self._chain.is_durable
            return SyncReport(complete, durable, self._pauses.remaining(), self._stopped)

    def all(self) -> list[SessionResult]:
        """Return all sessions, newest first."""
        with self._using:
            found = {id: change["session"] for id, change in self._stored().items()}
            sessions = [one for one in (found | self._own).values() if one]
        return sorted(
            sessions,
            key=lambda one: (one["completed_at"], one["session_result_id"]),
            reverse=True,
        )

    def get(self, id: str) -> SessionResult | None:
        """Return a session; None if the copy has none with this id."""
        with self._using:
            stored = self._stored().get(id)
            return cast(
                SessionResult | None, self._own.get(id, stored["session"] if stored else None)
            )

    def correct(self, id: str, changes: Correction) -> CorrectedSession:
        """Change some members of a session, unless another device has changed it since the copy knows it.

        Raises ConflictError, UnknownSessionError, ProblemError and NoAnswerError. After no answer the same
        may be called again.
        """
        answer = self._change("PATCH", id, changes)
        known = self.get(id)
        if known:
            session = {name: value for name, value in answer.items() if name in known}
            self._answered(id, session)
        return cast(CorrectedSession, answer)

    def remove(self, id: str) -> None:
        """Delete a session, unless another device has changed it since. Raises as `correct` does."""
        self._change("DELETE", id, None)
        self._answered(id, None)

    def clear(self) -> None:
        """Remove the copy from this device, such as when the learner signs out for good."""
        with self._syncing, self._using:
            self._own.clear()
            self._chain.clear()

    def _change(self, method: str, id: str, body: Any) -> Any:
        known = self.get(id)
        if known is None:
            raise UnknownSessionError(id)
        path, version = f"/api/sessions/{quote(id, safe='')}", known["version"]
        try:
            headers = {"If-Match": f'"{version}"'}
            return self._http.json(method, path, body=body, headers=headers)
        except ProblemError as error:
            if error.status not in (404, 412):
                raise
        newest = self._newest(path)
        self._answered(id, newest)
        raise ConflictError(newest)

    def _newest(self, path: str) -> Any:
        try:
            return self._http.json("GET", path)
        except ProblemError as error:
            if error.status != 404:
                raise
            return None

    def _answered(self, id: str, session: Any) -> None:
        """Show what an answer says until the copy has it."""
        with self._using:
            known = self.get(id)
            if session is None or (known and known["version"] <= session["version"]):
                self._own[id] = session

    def _stored(self) -> dict[str, dict[str, Any]]:
        try:
            self._chain.catch_up()
        except Unreached:
            pass  # then what is in memory must do
        return self._chain.sessions.stored

    def _may_send(self, force: bool) -> bool:
        is_refused = self._stopped is not None and self._stopped.status == 401
        if force or (is_refused and self._pauses.remaining() and self._http.has_new_token()):
            self._pauses.end()
        return not self._pauses.remaining()

    def _fetch_all(self) -> bool:
        """Fetch page after page. Return whether the end was reached."""
        anew = False
        while True:
            with self._using:
                self._chain.catch_up()
                start = None if anew else self._chain.place
            answer = ask_changes(self._http, start, self._size)
            if isinstance(answer, Refused) and answer.status == 422 and start:
                anew = True  # a place that the service does not know any more
                continue
            if not isinstance(answer, Page) or (answer.has_more and answer.next == start):
                self._fail(Later() if isinstance(answer, Page) else answer)
                return False
            self._size, self._stopped = min(self._most, self._size * 2), None
            self._pauses.succeeded()
            if self._keep(start, answer, anew) and not answer.has_more:
                return True
            anew = False

    def _keep(self, start: str | None, page: Page, anew: bool) -> bool:
        """Add a page to the chain, unless another process has led it on meanwhile."""
        with self._using:
            self._chain.catch_up()
            if not anew and self._chain.place != start:
                return False
            self._chain.append(start, page)
            self._own = (
                {}
                if page.reset
                else {
                    id: session
                    for id, session in self._own.items()
                    if not self._has(id, session, page)
                }
            )
            if not page.has_more:
                self._chain.tidy()
            return True

    def _has(self, id: str, session: Any, page: Page) -> bool:
        """Whether a page says at least as much of a session as an answer did."""
        if page.kept_since and session and session["completed_at"] < page.kept_since:
            return True
        change = page.changes.get(id)
        if change is None:
            return False
        is_newer = session is not None and change["version"] >= session["version"]
        return bool(change["deleted"]) or is_newer

    def _fail(self, outcome: TooLarge | Refused | Later) -> None:
        if isinstance(outcome, Later):
            if outcome.status not in (429, 503):
                self._size = max(1, self._size // 2)  # a slow connection may get less through
            self._stopped = None
            self._pauses.failed(outcome.retry_after)
            self._tell(Postponed(outcome.status, self._pauses.remaining() or 0.0))
        else:
            status = outcome.status if isinstance(outcome, Refused) else 413
            self._stopped = Stopped(status, outcome.problem)
            self._pauses.refused()
            self._tell(self._stopped)

    def _tell(self, event: Event) -> None:
        try:
            self._on_event(event)
        except Exception:
            return  # the app's own error must not cost a page
