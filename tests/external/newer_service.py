"""A service of a later version: passes requests on, and adds members and values to each JSON answer."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import requests

_MEMBER = {"added_later": {"since": 2}}
_VALUE = "of-a-later-version"


def with_additions(body: Any, growing: set[str]) -> Any:
    """Add a member to every object, and replace the values of the enumerations `growing`."""
    if isinstance(body, list):
        return [with_additions(item, growing) for item in body]
    if not isinstance(body, dict):
        return body
    members: dict[str, Any] = {}
    for name, value in body.items():
        if name == "metadata":
            members[name] = value
        elif name == "sessions_by_type":
            later = {_VALUE: {"count": 1, "avg_duration": 60}}
            figures = {kind: with_additions(each, growing) for kind, each in value.items()}
            members[name] = figures | later
        elif name in growing and isinstance(value, str):
            members[name] = _VALUE
        else:
            members[name] = with_additions(value, growing)
    return members | _MEMBER


@contextmanager
def newer_service(address: str, growing: set[str]) -> Iterator[str]:
    """Run it in front of the service at `address`; yield its own address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            size = int(self.headers.get("Content-Length", 0))
            headers = {name: self.headers[name] for name in ("Authorization", "Content-Type")}
            answer = requests.request(
                self.command,
                address + self.path,
                data=self.rfile.read(size) or None,
                headers=headers,
                timeout=10,
            )
            body = json.dumps(with_additions(answer.json(), growing)).encode()
            self.send_response(answer.status_code)
            self.send_header("Content-Type", answer.headers["Content-Type"])
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET

        def log_message(self, *args: Any) -> None:
            """Nothing: the tests look at the clients."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
