"""A server like OpenAI's whose model does what a test tells it to."""

import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

REMARKS = {
    "en": "Keep going.",
    "de": "Mach weiter.",
    "es": "Adelante.",
    "fr": "Tu peux y arriver.",
}


def language_of(request: dict[str, Any]) -> str:
    rules = request["messages"][0]["content"]
    return next(tag for tag, name in NAMES.items() if f"Write in {name}" in rules)


NAMES = {"en": "English", "de": "German", "es": "Spanish", "fr": "French"}


def sentence_of(request: dict[str, Any]) -> str:
    asked = request["messages"][1]["content"]
    return json.loads(asked[: asked.rindex("}") + 1])["message"]


def good(request: dict[str, Any]) -> str:
    """The sentence and a remark, in its language."""
    return f"{sentence_of(request)} {REMARKS[language_of(request)]}"


def completion(content: Any, **more: Any) -> bytes:
    message = {"role": "assistant", "content": content, **more}
    usage = {"prompt_tokens": 300, "completion_tokens": 20, "total_tokens": 320}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return json.dumps({"id": "x", "choices": [choice], "usage": usage}).encode()


@dataclass
class ModelServer:
    """What it was asked, and how it answers: with a text for the schema, or in any way on the connection."""

    url: str = ""
    requests: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    text: Callable[[dict[str, Any]], Any] = good
    raw: Callable[[BaseHTTPRequestHandler, dict[str, Any]], None] | None = None

    def behave(self) -> None:
        """Forget everything, and do as one should."""
        self.requests, self.headers, self.paths = [], [], []
        self.text, self.raw = good, None

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        request = json.loads(handler.rfile.read(int(handler.headers["Content-Length"])))
        self.requests.append(request)
        self.headers.append(dict(handler.headers))
        self.paths.append(handler.path)
        if self.raw:
            return self.raw(handler, request)
        send(handler, completion(json.dumps({"text": self.text(request)})))


def send(handler: BaseHTTPRequestHandler, body: bytes, status: int = 200, **headers: str) -> None:
    handler.send_response(status)
    for name, value in {"Content-Length": str(len(body)), **headers}.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    with suppress(OSError):
        handler.wfile.write(body)


def drip(handler: BaseHTTPRequestHandler, data: bytes, pause: float = 0.1) -> None:
    with suppress(OSError):
        for byte in data:
            handler.wfile.write(bytes([byte]))
            time.sleep(pause)


@contextmanager
def serving() -> Iterator[ModelServer]:
    model = ModelServer()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            model.answer(self)

        def log_message(self, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    model.url = f"http://127.0.0.1:{server.server_address[1]}/some/path"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield model
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def nowhere() -> str:
    """The address of a port where nobody listens."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{one.getsockname()[1]}"
