"""A device of a test: its clock, network and storage can go wrong; behind its network is the real service."""

import os
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx
import jwt
from vorex_sessions_client import (
    Clock,
    Event,
    MemoryStorage,
    PracticeQueue,
    SessionsClient,
    Storage,
)
from vorex_sessions_client.pauses import PauseOptions
from vorex_sessions_client.types import NewSession, SessionResult

HOUR = 3600.0
URL = os.environ.get("VOREX_URL", "")
SECRET = os.environ.get("VOREX_SECRET", "")
if not (URL and SECRET):
    raise RuntimeError("VOREX_URL and VOREX_SECRET must name a running service: use `make clients`")

# Does something with a request instead of sending it through the transport.
Fault = Callable[[httpx.BaseTransport, httpx.Request], httpx.Response]


def access_token(learner: str, secret: str = SECRET) -> str:
    now = int(time.time())
    claims = {"sub": learner, "aud": "authenticated", "role": "authenticated"}
    return jwt.encode({**claims, "iat": now - 5, "exp": now + 3600}, secret, algorithm="HS256")


def history(learner: str) -> list[SessionResult]:
    """Return what the service has stored of a learner."""
    transport = httpx.HTTPTransport(verify=False)
    with SessionsClient(URL, access_token(learner), transport=transport) as client:
        return list(client.history(limit=100))


def practice(**overrides: Any) -> NewSession:
    session = {"session_type": "conversation", "duration_seconds": 300, **overrides}
    return session  # type: ignore[return-value]  # tests send what is wrong, too


def down(_: httpx.BaseTransport, request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("the network is down", request=request)


def cut(transport: httpx.BaseTransport, request: httpx.Request) -> httpx.Response:
    transport.handle_request(request).read()
    raise httpx.ReadError("the answer is lost", request=request)


def hang(_: httpx.BaseTransport, request: httpx.Request) -> httpx.Response:
    raise httpx.ReadTimeout("no answer in time", request=request)


def hide_date(transport: httpx.BaseTransport, request: httpx.Request) -> httpx.Response:
    response = transport.handle_request(request)
    response.read()
    del response.headers["Date"]
    return response


def answer(status: int, body: str = "<html>not ours</html>", **headers: str) -> Fault:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _, request: httpx.Response(status, text=body, headers=named, request=request)


_open: list[SessionsClient] = []


def close_all() -> None:
    """Close the connections of every device."""
    while _open:
        _open.pop().close()


class Network(httpx.BaseTransport):
    """Counts requests, and lets a fault have them where the device says so."""

    def __init__(self, device: "Device") -> None:
        self.device = device
        self.real = httpx.HTTPTransport(
            verify=False
        )  # no certificates to load: it speaks plain HTTP

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.device.requests += 1
        fault = self.device.network(request)
        return fault(self.real, request) if fault else self.real.handle_request(request)

    def close(self) -> None:
        self.real.close()


class Device:
    def __init__(
        self,
        *,
        learner: str = "",
        storage: Storage | None = None,
        network: Callable[[httpx.Request], Fault | None] = lambda request: None,
        token: Callable[[bool], str | None] | None = None,
        pauses: PauseOptions | None = None,
        on_event: Callable[[Event], None] | None = None,
    ) -> None:
        self.learner = learner or str(uuid4())
        self.storage: Storage = MemoryStorage() if storage is None else storage
        self.network, self.pauses = network, pauses
        self.token = token or (lambda refresh: access_token(self.learner))
        self.requests = 0
        self.events: list[Event] = []
        self.on_event = on_event or self.events.append
        # Seconds by which the wall clock is ahead, and that have passed without the test waiting.
        self.ahead = self.passed = 0.0
        self.start()

    def start(self) -> None:
        """Begin a new queue on the same storage: the program was killed, and starts again."""
        clock = Clock(lambda: time.time() + self.ahead, lambda: time.monotonic() + self.passed)
        self.client = SessionsClient(
            URL, lambda refresh: self.token(refresh), transport=Network(self), clock=clock
        )
        _open.append(self.client)
        self.queue = PracticeQueue(
            self.client,
            learner=self.learner,
            storage=self.storage,
            on_event=self.on_event,
            pauses=self.pauses,
        )

    def add(self, count: int, **overrides: Any) -> set[str]:
        sessions = [practice(duration_seconds=number + 1, **overrides) for number in range(count)]
        return {self.queue.add(session).session_result_id for session in sessions}

    def stored(self) -> set[str]:
        sessions = history(self.learner)
        ids = {session["session_result_id"] for session in sessions}
        assert len(ids) == len(sessions)
        return ids
