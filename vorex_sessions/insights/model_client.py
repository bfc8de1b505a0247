"""Asks an OpenAI-compatible server: one POST, a deadline for all of it, a limit on the answer's size."""

from collections.abc import Mapping
from contextlib import suppress
from http.client import HTTPException
from socket import SHUT_RDWR, socket
from threading import Timer
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import orjson
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, NewConnectionError
from urllib3.exceptions import TimeoutError as SlowServer

DEADLINE = 30.0  # seconds, from connecting to the last byte
LARGEST = 64 * 1024  # bytes of an answer
_LATE = "no whole answer in time"
_PATH = "/v1/chat/completions"


class ModelAway(Exception):
    """The server gave no answer that can be read; says why."""


class Reply(NamedTuple):
    """What a model has answered: its content, and the tokens that it says it has used."""

    content: Any
    tokens: int | None


class _Deadline:
    """Ends whatever waits for the server: a timeout of the socket alone begins anew with every byte."""

    def __init__(self, seconds: float) -> None:
        self.is_over = False
        self.socket: socket | None = None
        self._timer = Timer(seconds, self._end)
        self._timer.daemon = True
        self._timer.start()

    def _end(self) -> None:
        self.is_over = True
        if self.socket:
            with suppress(OSError):
                self.socket.shutdown(SHUT_RDWR)

    def cancel(self) -> None:
        """Let the time pass."""
        self._timer.cancel()


def ask(url: str, key: str | None, body: bytes, *, deadline: float = DEADLINE) -> Reply:
    """Ask, and return the reply. No redirect is followed. Raises ModelAway."""
    connection, limit = _connection(url, deadline), _Deadline(deadline)
    try:
        connection.connect()
        limit.socket = connection.sock  # the connection itself lets go of it with some answers
        if limit.is_over:
            raise ModelAway(_LATE)
        return _reply(_exchange(connection, url, key, body))
    # ValueError, AttributeError: what a connection raises that was broken off meanwhile.
    except (HTTPError, HTTPException, OSError, ValueError, AttributeError) as error:
        raise ModelAway(
            _LATE if limit.is_over or _is_late(error) else type(error).__name__
        ) from None
    finally:
        limit.cancel()
        connection.close()


def _is_late(error: Exception) -> bool:
    # A refused connection is a timeout to urllib3, too.
    return isinstance(error, (TimeoutError, SlowServer)) and not isinstance(
        error, NewConnectionError
    )


def _exchange(connection: HTTPConnection, url: str, key: str | None, body: bytes) -> bytes:
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    if key:
        headers["Authorization"] = f"Bearer {key}"
    path = urlsplit(url).path.rstrip("/") + _PATH
    connection.request("POST", path, body, headers, preload_content=False)
    response = connection.getresponse()
    if response.status != 200:
        raise ModelAway(f"status {response.status}")
    data = b""
    while chunk := response.read(LARGEST + 1 - len(data), decode_content=False):
        data += chunk
        if len(data) > LARGEST:
            raise ModelAway("the answer is too large")
    return data


def _connection(url: str, deadline: float) -> HTTPConnection:
    parts = urlsplit(url)
    if parts.scheme == "https":
        return HTTPSConnection(
            str(parts.hostname), parts.port, timeout=deadline, cert_reqs="CERT_REQUIRED"
        )
    return HTTPConnection(str(parts.hostname), parts.port, timeout=deadline)


def _reply(data: bytes) -> Reply:
    try:
        whole = orjson.loads(data)
        choice = whole["choices"][0]
        message = choice["message"]
        refused = message.get("refusal") or choice.get("finish_reason") == "length"
        return Reply(None if refused else message["content"], _tokens(whole.get("usage")))
    except (orjson.JSONDecodeError, KeyError, IndexError, TypeError, AttributeError):
        raise ModelAway("the answer is not that of a chat completion") from None


def _tokens(usage: Any) -> int | None:
    count = usage.get("total_tokens") if isinstance(usage, Mapping) else None
    return count if type(count) is int and 0 <= count < 1_000_000 else None
