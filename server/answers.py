"""gunicorn's response, whose head does not travel alone: two packets cost a tenth of a request."""

from typing import Any

from gunicorn.http import wsgi


class OnePacketResponse(wsgi.Response):
    """A response whose head leaves with the first bytes of its body."""

    headers_sent: bool

    def send_headers(self) -> None:
        """Do nothing: gunicorn calls this before each part of the body, which takes the head along.

        Until then `headers_sent` is False: a body that fails before its first byte is answered with 500.
        """

    def _head(self) -> bytes:
        fields = (f"{name}: {value}\r\n" for name, value in self.headers)
        return "".join([*self.default_headers(), *fields, "\r\n"]).encode("latin-1")

    def _emit_body(self, data: bytes) -> None:
        framed = b"%X\r\n%b\r\n" % (len(data), data) if self.chunked else data
        self._send(framed)

    def _send(self, data: bytes) -> None:
        if not self.headers_sent:
            data = self._head() + data
            self.headers_sent = True
        if data:
            self.sock.sendall(data)

    def sendfile(self, respiter: Any) -> bool:
        """Send a file, if it is one."""
        self._send(b"")
        return bool(super().sendfile(respiter))

    def close(self) -> None:
        """End the response."""
        self._send(b"")
        super().close()
