"""gunicorn's request, with a short head and with bodies of ours."""

import io
import socket
import time
from contextlib import suppress
from typing import Any

from gunicorn.http.errors import UnsupportedTransferCoding
from gunicorn.http.message import Request
from gunicorn.http.parser import RequestParser

from server.bodies import ChunkedBody, LengthBody, RequestBody
from server.body_limits import Busy, limits

MAX_HEAD = 32 * 1024  # bytes of a request line and all header fields
MAX_DRAIN = 64 * 1024  # bytes of a body that nobody reads, to keep the connection
MAX_LINGER = 8 * 1024 * 1024  # bytes that are thrown away before a connection is closed
MAX_PEERS = 2000  # whose trust is remembered
LINGER = 1  # seconds for a client to read the answer, before its unread body resets the connection


class BoundedRequest(Request):
    """A request with a short head, whose unread body ends the connection unless it is small."""

    @property
    def max_buffer_headers(self) -> int:
        """gunicorn's own is 1.6 MB, all of which is parsed again with each packet."""
        return MAX_HEAD

    @max_buffer_headers.setter
    def max_buffer_headers(self, value: int) -> None:
        """Ignore gunicorn's own."""

    body: Any
    source: RequestBody

    def _peer_is_trusted_proxy(self) -> bool:
        """As gunicorn says, which parses the peer's address for every request."""
        peer = self.peer_addr[0] if isinstance(self.peer_addr, tuple) else None
        if peer not in _trusted:
            if len(_trusted) >= MAX_PEERS:
                _trusted.clear()
            _trusted[peer] = super()._peer_is_trusted_proxy()
        return _trusted[peer]

    def set_body_reader(self) -> None:
        """Let gunicorn check the framing; read with our own classes."""
        super().set_body_reader()
        codings = [value for name, value in self.headers if name == "TRANSFER-ENCODING"]
        if any(value.strip().lower() != "chunked" for value in codings):  # gzip: nobody decodes it
            raise UnsupportedTransferCoding(", ".join(codings))
        length = getattr(self.body.reader, "length", None)
        if length == 0:
            self.source, self.body = _NO_BODY, io.BytesIO()
            return
        self.source = (
            ChunkedBody(self.unreader) if length is None else LengthBody(self.unreader, length)
        )
        self.body = io.BufferedReader(self.source, 64 * 1024)

    def should_close(self) -> bool:
        """Whether the connection ends with this request."""
        is_drained = self.source is _NO_BODY or self._can_be_drained()
        return not is_drained or bool(super().should_close())

    def _can_be_drained(self) -> bool:
        source = self.source
        return source.is_complete or (
            isinstance(source, LengthBody) and not source.is_broken and source.left <= MAX_DRAIN
        )

    def end_body(self, sock: Any) -> None:
        """After the answer: drop a small rest of the body; a large one ends the connection."""
        if self.source is _NO_BODY:
            return
        limits.release(self.source)
        if self.source.is_complete:
            return
        if not self._can_be_drained():
            self.force_close()
            linger(sock)
            return
        until = time.monotonic() + LINGER
        with suppress(OSError, Busy):
            while (wait := until - time.monotonic()) > 0:
                sock.settimeout(wait)
                if not self.source.read(8192):
                    break
        limits.release(self.source)
        if not self.source.is_complete:
            self.force_close()


def linger(sock: Any) -> None:
    """Drop what a client still sends, for a moment, before its connection is closed.

    To close a connection with unread bytes resets it, and the client may lose the answer.
    """
    until, dropped = time.monotonic() + LINGER, 0
    with suppress(OSError):
        sock.shutdown(socket.SHUT_WR)
        while (wait := until - time.monotonic()) > 0 and dropped < MAX_LINGER:
            sock.settimeout(wait)
            data = sock.recv(64 * 1024)
            if not data:
                return
            dropped += len(data)


_NO_BODY = LengthBody(None, 0)
_trusted: dict[str | None, bool] = {}  # by the peer's address; None: a Unix socket
RequestParser.mesg_class = BoundedRequest
