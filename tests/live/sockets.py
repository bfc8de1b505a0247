"""A device with a socket, and what it hears."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import websocket

from tests.factories import token
from tests.live.practising import heartbeat, new_id

PROTOCOL = "vorex.live.v1"


# Sockets that a test has opened; its fixture closes them.
OPEN: list["Phone"] = []


class Phone:
    """A client of the socket. Its `heard` are all messages so far."""

    def __init__(
        self, address: str, learner_id: str, *, access_token: str | None = None, **options: Any
    ) -> None:
        self.heard: list[dict[str, Any]] = []
        self.code: int | None = None
        bearer = access_token if access_token is not None else token(learner_id)
        protocols = [PROTOCOL, f"bearer.{bearer}"] if bearer else [PROTOCOL]
        options = {"subprotocols": protocols, "suppress_origin": True, **options}
        self.socket = websocket.create_connection(
            address.replace("http", "ws") + "/api/sessions/live/socket", timeout=10, **options
        )
        OPEN.append(self)

    def say(self, kind: str, **members: Any) -> None:
        self.socket.send(json.dumps({"type": kind, **members}))

    def beat(self, session_id: str | None = None, seq: int = 1, **overrides: Any) -> str:
        session_id = session_id or new_id()
        self.say("heartbeat", session_result_id=session_id, **heartbeat(seq, **overrides))
        return session_id

    def hear(self, kind: str, seconds: float = 10) -> dict[str, Any]:
        """The next message of a kind; those before it are in `heard`."""
        return self.until(lambda message: message["type"] == kind, seconds)

    def until(self, is_it: Callable[[dict[str, Any]], bool], seconds: float = 10) -> dict[str, Any]:
        ends = time.monotonic() + seconds
        while (left := ends - time.monotonic()) > 0:
            self.socket.settimeout(left)
            opcode, data = self.socket.recv_data()
            if opcode == websocket.ABNF.OPCODE_CLOSE:
                self.code = int.from_bytes(data[:2])
                raise AssertionError(f"closed with {self.code}; heard {self.heard}")
            self.heard.append(json.loads(data))
            if is_it(self.heard[-1]):
                return self.heard[-1]
        raise AssertionError(f"not heard; heard {self.heard}")

    def closed(self, seconds: float = 10) -> int:
        """The code with which the service closes it."""
        try:
            self.until(lambda _: False, seconds)
        except AssertionError:
            if self.code is None:
                raise
        except websocket.WebSocketConnectionClosedException:
            return 1006
        assert self.code is not None
        return self.code


@contextmanager
def phone(address: str, learner_id: str, **options: Any) -> Iterator[Phone]:
    """A phone that has heard `ready`."""
    one = Phone(address, learner_id, **options)
    try:
        one.hear("ready")
        yield one
    finally:
        one.socket.close(timeout=0)
