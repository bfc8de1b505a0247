"""A back end that receives events over real HTTP, and answers as a test says."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Received:
    """A request, as it arrived."""

    headers: dict[str, str]
    body: bytes
    path: str = "/"

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def event(self) -> dict[str, Any]:
        return json.loads(self.body)

    @property
    def user_id(self) -> str | None:
        return self.event["data"].get("user_id")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "Receiver"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        received = Received(headers, body, self.path)
        with self.server.lock:
            self.server.received.append(received)
        self.server.answer(self, received)

    def reply(self, status: int, headers: dict[str, str] | None = None, body: bytes = b"") -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        pass


Answer = Callable[[Handler, Received], None]


class Receiver(ThreadingHTTPServer):
    """Takes everything, unless a test sets `answer`."""

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.received: list[Received] = []
        self.lock = threading.Lock()
        self.answer: Answer = status(204)

    def handle_error(self, *args: Any) -> None:
        """The sender has gone: part of what is tested."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/events?of=vorex"

    @property
    def types(self) -> list[str]:
        return [one.event["type"] for one in self.received]

    def of(self, user_id: str) -> list[Received]:
        """What came of a learner, each event once, in the order of its first arrival."""
        first = {one.id: one for one in reversed(self.received) if one.user_id == user_id}
        return sorted(first.values(), key=self.received.index)


@dataclass
class Script:
    """Answers one request after the other, the last one for all that follow."""

    answers: list[Answer]
    place: int = field(default=0)

    def __call__(self, handler: Handler, received: Received) -> None:
        answer = self.answers[min(self.place, len(self.answers) - 1)]
        self.place += 1
        answer(handler, received)


def status(code: int, body: bytes = b"", **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    body = b"" if code == 204 else body
    return lambda handler, received: handler.reply(code, named, body)


def slow(seconds: float, then: Answer) -> Answer:
    def answer(handler: Handler, received: Received) -> None:
        time.sleep(seconds)
        then(handler, received)

    return answer


def hang_up(handler: Handler, received: Received) -> None:
    handler.close_connection = True


def drip(handler: Handler, received: Received) -> None:
    """Send a head that never ends, byte by byte."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while True:
        handler.wfile.write(b"x")
        time.sleep(0.05)


def endless_body(handler: Handler, received: Received) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        handler.wfile.write(b"5\r\nhello\r\n")


@contextmanager
def receiving() -> Iterator[Receiver]:
    with Receiver() as receiver:
        thread = threading.Thread(target=receiver.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield receiver
        finally:
            receiver.shutdown()
            thread.join()
