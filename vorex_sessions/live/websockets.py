"""A WebSocket (RFC 6455) on a connection of gevent: one greenlet waits for both directions.

wsproto reads and writes frames. Compression is never negotiated: it costs 60 kB a socket.
"""

import socket
import time
from base64 import b64encode
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from hashlib import sha1
from typing import Any

import gevent
from gevent.event import Event
from wsproto.connection import Connection, ConnectionState, ConnectionType
from wsproto.events import CloseConnection, Message, Ping, Pong, TextMessage

PROTOCOL = "vorex.live.v1"
LARGEST = 16 * 1024  # bytes of a message, as of the body of a heartbeat
MOST_WAITING = 64  # messages that a slow reader may leave unread
_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, section 1.3
_SEND_WITHIN = 10  # seconds for a client to read what is sent
_END_WITHIN = 0.5  # seconds for a client to read the last message, and as long to close
_PING_EVERY = 25  # seconds of silence; proxies close after 60
_PONG_WITHIN = 20
_MOST_FRAMES = 50  # pings, pongs and parts of messages of a client, in as many seconds

NORMAL, LEAVING, PROTOCOL_ERROR, NOT_TEXT, TOO_LONG = 1000, 1001, 1002, 1003, 1009
FAILED, RESTARTING, BACK_OFF = 1011, 1012, 1013
NO_TOKEN, ERASED, REPLACED = 4401, 4410, 4429
LOST = 1006  # never sent: the connection ended without a word
NO_CODE = 1005  # never sent: the client has closed without a code


class Closed(Exception):
    """The WebSocket is over; `code` and `reason` are to be sent, unless it is lost."""

    def __init__(self, code: int, reason: str = "") -> None:
        self.code, self.reason = code, reason
        super().__init__(reason)


def accept_of(key: str) -> str:
    """The header Sec-WebSocket-Accept for a Sec-WebSocket-Key."""
    return b64encode(sha1((key + _GUID).encode()).digest()).decode()  # noqa: S324  # no secret: RFC 6455


class WebSocket:
    """The WebSocket of one client. `put` and `end` may be called by any greenlet, the rest by its own."""

    def __init__(self, sock: Any) -> None:
        self._sock = sock
        self._frames = Connection(ConnectionType.SERVER)
        self._wake = Event()
        self._waiting: deque[str] = deque()
        self._ending: Closed | None = None
        self._readable = False
        self._text = ""
        self._heard = self._pinged = time.monotonic()
        self._frames_count, self._frames_since = 0, self._heard
        self._watcher = gevent.get_hub().loop.io(sock.fileno(), 1)

    def open(self, key: str, request_id: str) -> None:
        """Answer the handshake."""
        self._send(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + f"Sec-WebSocket-Accept: {accept_of(key)}\r\nSec-WebSocket-Protocol: {PROTOCOL}\r\n".encode()
            + f"X-Request-ID: {request_id}\r\n\r\n".encode("latin-1")
        )

    @property
    def waiting(self) -> int:
        """How many messages wait to be sent; only `wait` and `close` make them fewer."""
        return len(self._waiting)

    def put(self, message: str, place: int | None = None) -> None:
        """Send a message soon, as the last or at a place. One who reads none of 64 is given up."""
        if self.waiting >= MOST_WAITING:
            self.end(Closed(LOST, "slow"))
        else:
            self._waiting.insert(self.waiting if place is None else place, message)
        self._wake.set()

    def end(self, how: Closed) -> None:
        """Let its own greenlet close it."""
        self._ending = self._ending or how
        self._wake.set()
        if how.code == LOST:  # that greenlet may wait for the client to read
            with suppress(OSError):
                self._sock.shutdown(socket.SHUT_RDWR)

    def wait(self, seconds: float) -> list[str]:
        """The messages that have come, at the latest after some seconds. Raises Closed."""
        until = time.monotonic() + seconds
        while True:
            self._watcher.start(self._on_readable)
            self._wake.wait(max(0.0, min(until, self._next_check()) - time.monotonic()))
            self._wake.clear()
            if self._ending:
                raise self._ending
            self._flush()
            messages = self._read() if self._readable else []
            self._check_alive()
            if messages or time.monotonic() >= until:
                return messages

    def close(self, how: Closed) -> None:
        """Send what waits and the close frame, and drop the connection."""
        self._watcher.stop()
        self._watcher.close()
        with suppress(OSError, Closed):
            if how.code != LOST:
                if self._frames.state is ConnectionState.OPEN:
                    self._flush(_END_WITHIN)
                if self._frames.state in (ConnectionState.OPEN, ConnectionState.REMOTE_CLOSING):
                    frame = CloseConnection(how.code, how.reason[:100])
                    self._send(self._frames.send(frame), _END_WITHIN)
                self._linger()

    def _linger(self) -> None:
        """Wait until the client has closed, too: unread bytes would reset what was sent."""
        until = time.monotonic() + _END_WITHIN
        self._sock.shutdown(socket.SHUT_WR)
        while (left := until - time.monotonic()) > 0:
            self._sock.settimeout(left)
            if not self._sock.recv(65_536):
                return

    def _on_readable(self) -> None:
        self._watcher.stop()
        self._readable = True
        self._wake.set()

    def _next_check(self) -> float:
        if self._pinged > self._heard:
            return self._pinged + _PONG_WITHIN
        return self._heard + _PING_EVERY

    def _check_alive(self) -> None:
        """Ping a silent client; one who does not answer is gone."""
        if time.monotonic() < self._next_check():
            return
        if self._pinged > self._heard:
            raise Closed(LOST, "silent")
        self._pinged = time.monotonic()
        self._send(self._frames.send(Ping()))

    def _flush(self, seconds: float = _SEND_WITHIN) -> None:
        while self._waiting:
            self._send(self._frames.send(TextMessage(data=self._waiting.popleft())), seconds)

    def _send(self, data: bytes, seconds: float = _SEND_WITHIN) -> None:
        self._sock.settimeout(seconds)
        try:
            self._sock.sendall(data)
        except OSError as error:
            raise Closed(LOST, "slow" if isinstance(error, TimeoutError) else "lost") from None

    def _read(self) -> list[str]:
        """The messages that have come; those before a goodbye count, which is told the next time."""
        messages: list[str] = []
        try:
            for message in self._receive():
                messages.append(message)  # what came before a goodbye is kept
                if len(messages) > MOST_WAITING:  # to read a frame takes longer than to send one
                    raise Closed(BACK_OFF, "Too many messages.")
        except Closed as over:
            if not messages:
                raise
            self.end(over)
        return messages

    def _receive(self) -> Iterator[str]:
        self._readable = False
        self._sock.settimeout(0)
        try:
            data = self._sock.recv(65_536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            raise Closed(LOST, "lost")
        self._heard = time.monotonic()
        self._frames.receive_data(data)
        for event in self._frames.events():
            if isinstance(event, CloseConnection):
                # `close()` of a browser names no code; what stands for that may not be sent.
                raise Closed(NORMAL if event.code in (NO_CODE, LOST) else event.code, "closed")
            if isinstance(event, Ping | Pong):
                self._count_frame()
                if isinstance(event, Ping):
                    self._send(self._frames.send(event.response()))
            elif isinstance(event, TextMessage):
                yield from self._whole(event)
            else:
                assert isinstance(event, Message)  # noqa: S101  # there is no other
                raise Closed(NOT_TEXT, "Send text.")

    def _count_frame(self) -> None:
        """Let no flood of what is no message keep the worker busy; conversations.py counts messages."""
        if self._heard - self._frames_since > _PING_EVERY:
            self._frames_count, self._frames_since = 0, self._heard
        self._frames_count += 1
        if self._frames_count > _MOST_FRAMES:
            raise Closed(BACK_OFF, "Too many frames.")

    def _whole(self, part: TextMessage) -> Iterator[str]:
        if part.frame_finished and not part.message_finished:
            self._count_frame()
        self._text += part.data
        if len(self._text) > LARGEST or len(self._text.encode()) > LARGEST:
            raise Closed(TOO_LONG, "A message has at most 16 KiB.")
        if part.message_finished:
            text, self._text = self._text, ""
            yield text
