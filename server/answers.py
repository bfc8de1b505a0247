"""gunicorn's response, whose head does not travel alone: two packets cost a tenth of a request."""

import time
from email.utils import formatdate
from functools import lru_cache
from typing import Any

from gunicorn import util
from gunicorn.http import wsgi


@lru_cache(maxsize=1)
def _date(second: int) -> str:
    return formatdate(second, usegmt=True)


def http_date() -> str:
    """The date of a response, written once a second."""
    return _date(int(time.time()))


util.http_date = http_date  # where gunicorn looks for it


class OnePacketResponse(wsgi.Response):
    """A response whose head leaves with the first bytes of its body."""

    headers_sent: bool

    def send_headers(self) -> None:
        """Do nothing: gunicorn calls this before each part of the body, which takes the head along.

        Until then `headers_sent` is False: a body that fails before its first byte is answered with 500.
        """

    def _head(self) -> bytes:
        fields = [f"{name}: {value}\r\n" for name, value in self.headers]
        return "".join([*self.default_headers(), *fields, "\r\n"]).encode("latin-1")

    def _emit_body(self, data: bytes) -> None:
        framed = b"%X\r\n%b\r\n" % (len(data), data) if self.chunked else data
        self._send(framed)

    def _send(self, data: bytes) -> None:
        if not self.headers_sent:
            data = self._head() + data
            self.headers_sent = True
        # gevent's sendall asks the system for the size of its buffer first; most answers fit into it.
        if data and (sent := self.sock.send(data)) < len(data):
            self.sock.sendall(memoryview(data)[sent:])

    def sendfile(self, respiter: Any) -> bool:
        """Send a file, if it is one."""
        self._send(b"")
        return bool(super().sendfile(respiter))

    def close(self) -> None:
        """End the response."""
        self._send(b"")
        super().close()
