"""One POST with limits that hold: no redirect, no proxy, a deadline for all of it, a bounded answer.

No library's timeout covers a receiver that sends byte by byte, so a thread breaks the connection off.
"""

import socket
import ssl
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from http.client import HTTPS_PORT, HTTPConnection, HTTPException, HTTPResponse
from typing import NamedTuple
from urllib.parse import urlsplit

from vorex_sessions.hooks.destinations import Answer, Outcome
from vorex_sessions.version import VERSION

LONGEST = 15.0  # seconds for a whole request; a lease lasts longer
_SILENCE = 10  # seconds for connecting to an address, and without a byte
_LONGEST_PAUSE = 24 * 3600  # seconds that a receiver may ask for
_TOO_MANY, _CLOSED, _BUSY = 429, 410, (429, 503)


class NoReply(Exception):
    """The receiver has not answered; the message says why."""


class Reply(NamedTuple):
    """The answer of a receiver."""

    status: int
    retry_after: str | None
    text: str  # the beginning of the body, as far as it was asked for


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    """The host's certificates, or those in SSL_CERT_FILE. Read on use: the service's workers send nothing."""
    return ssl.create_default_context()


class _Https(HTTPConnection):
    """Not http.client's own, which reads all certificates for each connection."""

    default_port = HTTPS_PORT

    def connect(self) -> None:
        """Connect; while hands are shaken, `sock` is a socket that can be shut down."""
        super().connect()
        secure = _tls().wrap_socket(
            self.sock, server_hostname=self.host, do_handshake_on_connect=False
        )
        self.sock = secure
        secure.do_handshake()


_CONNECTIONS = {"http": HTTPConnection, "https": _Https}


def post(url: str, body: bytes, headers: Mapping[str, str], *, keep: int = 0) -> Reply:
    """Send `body`; returns the answer, with up to `keep` bytes of its body. Raises NoReply."""
    parts = urlsplit(url)
    kind = _CONNECTIONS[parts.scheme]
    # With a port, since it would look for one in an address of IPv6.
    port = parts.port or kind.default_port
    connection = kind(parts.hostname or "", port, timeout=_SILENCE)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    done, ends = threading.Event(), time.monotonic() + LONGEST
    threading.Thread(target=_watch, args=(connection, done, LONGEST), daemon=True).start()
    try:
        connection.connect()
        _check(ends)
        sent = {"User-Agent": f"vorex-sessions/{VERSION}", **headers}
        connection.request("POST", target, body, {**sent, "Connection": "close"})
        response = connection.getresponse()
        _check(ends)  # a head that was broken off looks like one that has ended
        retry_after = response.getheader("Retry-After")
        return Reply(response.status, retry_after, _beginning(response, keep))
    except (OSError, HTTPException, ValueError) as error:
        if time.monotonic() > ends or isinstance(error, TimeoutError):
            raise NoReply("no answer in time") from error
        raise NoReply(_reason(error)) from error
    finally:
        done.set()
        connection.close()


def _check(ends: float) -> None:
    if time.monotonic() > ends:
        raise TimeoutError


def _watch(connection: HTTPConnection, done: threading.Event, longest: float) -> None:
    """Break the connection off when time is over."""
    left = longest
    while not done.wait(left):
        left = 0.1
        if sock := connection.sock:
            with suppress(OSError):
                # Not SSLSocket's own, which waits for nobody but forgets what the other thread reads with.
                socket.socket.shutdown(sock, socket.SHUT_RDWR)


def _beginning(response: HTTPResponse, keep: int) -> str:
    if not keep:
        return ""  # what the status says is all that counts
    with suppress(OSError, HTTPException, ValueError):
        return response.read(keep).decode(errors="replace")
    return ""


def _reason(error: Exception) -> str:
    """What the operator can act on; the type where the message may be long or strange."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the certificate is not valid: {error.verify_message}"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return type(error).__name__


def meaning(reply: Reply) -> Answer:
    """What the answer of a receiver means by Standard Webhooks."""
    says = f"HTTP {reply.status}"
    if 200 <= reply.status < 300:
        return Answer(Outcome.DELIVERED, says)
    if reply.status == _CLOSED:
        return Answer(Outcome.CLOSED, says)
    if 300 <= reply.status < 400:
        says += ", a redirect, which is not followed"
    pause = _seconds(reply.retry_after) if reply.status in _BUSY else None
    if reply.status == _TOO_MANY and pause is None:
        pause = 5.0
    return Answer(Outcome.FAILED, says, pause)


def _seconds(retry_after: str | None) -> float | None:
    """The seconds of a `Retry-After`, which are a number or an instant."""
    if not retry_after:
        return None
    if retry_after.strip().isdecimal():
        return min(float(retry_after), _LONGEST_PAUSE)
    try:
        instant = parsedate_to_datetime(retry_after).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    seconds = (instant - datetime.now(UTC)).total_seconds()
    return min(max(seconds, 0.0), _LONGEST_PAUSE)
