"""The client: the calls that every app makes, and `request` for the others."""

from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Self, Unpack, cast

import httpx

from vorex_sessions_client.clock import Clock
from vorex_sessions_client.http import Http, TokenSource
from vorex_sessions_client.types import (
    BatchAnswer,
    HistoryPage,
    HistoryQuery,
    LiveSession,
    NewSession,
    SavedSession,
    SessionResult,
    Stats,
    StatsQuery,
    Warmup,
    WarmupQuery,
)

_SESSIONS = "/api/sessions"


class SessionsClient:
    """Calls the service. Every method raises ProblemError or NoAnswerError."""

    def __init__(
        self,
        url: str,
        token: TokenSource | str,
        *,
        timeout: float = 20.0,
        transport: httpx.BaseTransport | None = None,
        clock: Clock | None = None,
    ) -> None:
        """Set up a client; `token` is the learner's, or a function that returns it."""
        source = token if callable(token) else lambda refresh: token
        self._client = httpx.Client(timeout=timeout, transport=transport)
        # For the queue, which shares the token, the time limit and the clock.
        self.http = Http(url, source, self._client, clock or Clock())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def save(self, session: NewSession, *, idempotency_key: str | None = None) -> SavedSession:
        """Save a session. To repeat it safely, give it a `session_result_id` or a key; or use the queue."""
        answer = self.request(
            "POST", f"{_SESSIONS}/save", body=session, idempotency_key=idempotency_key
        )
        return cast(SavedSession, answer)

    def save_batch(
        self, sessions: Sequence[NewSession], *, idempotency_key: str | None = None
    ) -> BatchAnswer:
        """Save up to 100 sessions; each has its own outcome."""
        body = {"sessions": list(sessions)}
        path = f"{_SESSIONS}/batch"
        answer = self.request("POST", path, body=body, idempotency_key=idempotency_key)
        return cast(BatchAnswer, answer)

    def history_page(self, **query: Unpack[HistoryQuery]) -> HistoryPage:
        """Return one page of the history, newest first."""
        return cast(HistoryPage, self.request("GET", f"{_SESSIONS}/history", query=query))

    def history(self, **query: Unpack[HistoryQuery]) -> Iterator[SessionResult]:
        """Yield the whole history, newest first, page by page."""
        while True:
            page = self.history_page(**query)
            yield from page["sessions"]
            cursor = page["next_cursor"]
            if cursor is None:
                return
            query["cursor"] = cursor
            query.pop("offset", None)

    def stats(self, **query: Unpack[StatsQuery]) -> Stats:
        """Return the statistics of a period."""
        return cast(Stats, self.request("GET", f"{_SESSIONS}/stats", query=query))

    def warmup(self, **query: Unpack[WarmupQuery]) -> Warmup:
        """Return what to warm up with."""
        return cast(Warmup, self.request("GET", f"{_SESSIONS}/warmup", query=query))

    def live_sessions(self) -> list[LiveSession]:
        """Return the learner's sessions that go on, or can be resumed."""
        answer = self.request("GET", f"{_SESSIONS}/live")
        return cast(list[LiveSession], answer["sessions"])

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        idempotency_key: str | None = None,
    ) -> Any:
        """Make any other call: `client.request("GET", "/api/sessions/streak")`; returns its JSON."""
        headers = {} if idempotency_key is None else {"Idempotency-Key": idempotency_key}
        return self.http.json(method, path, query=query, body=body, headers=headers)
