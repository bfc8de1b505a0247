"""Request bodies, read in time and memory that grow with their length and no faster.

gunicorn's chunked reader joins all of a chunk's first line, or of the trailers, each time more arrives: a
chunk extension of 8 MB blocked a worker for 10 s. Here a line is short, and little surrounds the data.
"""

import io
from abc import abstractmethod
from typing import Any

from server.body_limits import limits
from server.turn import give_way

MAX_LINE = 4096  # bytes of a chunk's first line, or of all trailers
MAX_OVERHEAD = 32 * 1024  # bytes around the data of chunks, beyond an eighth of the data
PAUSE_AFTER = 16 * 1024  # bytes received before others get their turn; a line counts as 32 more
_HEX = frozenset(b"0123456789abcdefABCDEF")


class BadBody(Exception):
    """The body does not follow RFC 9112, section 7.1. What comes after it cannot be told from it."""


class RequestBody(io.RawIOBase):
    """The bytes of a body; `is_complete` once nothing of it is left on the connection."""

    def __init__(self, unreader: Any) -> None:
        self._unreader = unreader
        self._unpaused = 0
        self.is_complete = False
        self.is_broken = False  # the rest cannot be read
        self.taken = 0  # bytes

    def readable(self) -> bool:
        """True: for io.BufferedReader."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read at most as much as fits; 0 at the end. Raises BadBody, Busy and OSError."""
        if self.is_complete:
            return 0
        limits.begin(self)
        try:
            data = self._take(len(buffer))
            self.taken += len(data)
            limits.grow(self, len(data))
        except BaseException:
            self.is_broken = True
            raise
        buffer[: len(data)] = data
        return len(data)

    def count_decompressed(self, size: int) -> None:
        """Count bytes that the body was decompressed to; waits until there is room. Raises Busy."""
        self.taken += size
        limits.grow(self, size)

    def hang_up(self) -> None:
        """End the connection: whoever reads this body gets an error."""
        self._unreader.sock.shutdown(2)

    @abstractmethod
    def _take(self, size: int) -> bytes:
        """At most `size` bytes of the data, none at the end; sets `is_complete` once all is read."""

    def _receive(self) -> bytes:
        data: bytes = self._unreader.read()
        if not data:
            raise ConnectionResetError("the client closed the connection within a body")
        self._pause(len(data))
        return data

    def _pause(self, cost: int) -> None:
        self._unpaused += cost
        if self._unpaused > PAUSE_AFTER:
            self._unpaused = 0
            give_way()


class LengthBody(RequestBody):
    """A body of a known length."""

    def __init__(self, unreader: Any, length: int) -> None:
        super().__init__(unreader)
        self.left = length
        self.is_complete = not length

    def _take(self, size: int) -> bytes:
        data = self._receive()
        most = min(size, self.left)
        if len(data) > most:
            self._unreader.unread(data[most:])
            data = data[:most]
        self.left -= len(data)
        self.is_complete = not self.left
        return data


class ChunkedBody(RequestBody):
    """A body in chunks. Extensions and trailers are read and dropped."""

    def __init__(self, unreader: Any) -> None:
        super().__init__(unreader)
        self._buffer = b""
        self._left = 0  # of the chunk under way
        self._overhead = 0

    def _take(self, size: int) -> bytes:
        if not self._left and not self._begin_chunk():
            return b""
        if not self._buffer:
            self._buffer = self._receive()
        taken = self._buffer[: min(size, self._left)]
        self._buffer = self._buffer[len(taken) :]
        self._left -= len(taken)
        if not self._left and self._line() != b"":
            raise BadBody("a chunk is longer than it says")
        return taken

    def _begin_chunk(self) -> bool:
        """Read the first line of the next chunk; False after the last one, whose trailers are read, too."""
        digits = self._line().partition(b";")[0].rstrip(b" \t")
        if not 1 <= len(digits) <= 16 or not _HEX.issuperset(digits):
            raise BadBody("a chunk does not begin with its size")
        self._left = int(digits, 16)
        if self._left:
            return True
        trailers = 0
        while line := self._line():
            trailers += len(line)
            if trailers > MAX_LINE or b":" not in line:
                raise BadBody("the trailers are too long or malformed")
        if self._buffer:
            self._unreader.unread(self._buffer)
        self.is_complete = True
        return False

    def _line(self) -> bytes:
        """The bytes before the next CRLF."""
        while (end := self._buffer.find(b"\r\n")) < 0:
            if len(self._buffer) > MAX_LINE:
                break
            self._buffer += self._receive()
        line, self._buffer = self._buffer[:end], self._buffer[end + 2 :]
        self._overhead += end + 2
        self._pause(32)
        if not 0 <= end <= MAX_LINE or b"\r" in line or b"\n" in line:
            raise BadBody("a line around a chunk is too long or malformed")
        if self._overhead > MAX_OVERHEAD + self.taken // 8:
            raise BadBody("the chunks are too small, or what surrounds them is too long")
        return line
