"""HTTP as hostile clients write it: bytes over a socket."""

import json
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import requests


def connect(address: str, timeout: float = 10) -> socket.socket:
    host, port = address.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=timeout)


def post(headers: str, path: str = "/api/sessions/save") -> bytes:
    """The head of a POST."""
    return f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{headers}\r\n\r\n".encode()


def everything(client: socket.socket) -> bytes:
    """All that the server sends before it closes the connection."""
    received = b""
    with suppress(ConnectionError):
        while piece := client.recv(65536):
            received += piece
    return received


def answer(client: socket.socket) -> bytes:
    """One whole answer that has a Content-Length; the connection stays open."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += client.recv(65536)
    head, _, body = received.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
    while len(body) < length:
        body += client.recv(65536)
    return head + b"\r\n\r\n" + body


def problem(answer: bytes) -> dict[str, Any]:
    """The problem in the first answer, with its Connection header."""
    head, _, body = answer.partition(b"\r\n\r\n")
    found: dict[str, Any] = json.loads(body)
    lines = head.decode().lower().split("\r\n")
    assert int(lines[0].split()[1]) == found["status"]
    return found | {"closes": "connection: close" in lines}


def longest_wait(address: str, seconds: float, busy: Callable[[], bool] = lambda: True) -> float:
    """The longest that /healthz took within `seconds`, or as long as something is busy."""
    longest, until = 0.0, time.monotonic() + seconds
    with requests.Session() as session:
        while True:
            began = time.monotonic()
            session.get(f"{address}/healthz", timeout=60)
            longest = max(longest, time.monotonic() - began)
            time.sleep(0.01)
            if time.monotonic() > until or not busy():
                return longest
