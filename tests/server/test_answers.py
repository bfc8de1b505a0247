"""How answers leave the server: the head with the first bytes of the body."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import pytest
from gunicorn.config import Config

from server.answers import OnePacketResponse
from server.requests import RequestParser


@contextmanager
def answering(method: str) -> Iterator[tuple[socket.socket, OnePacketResponse]]:
    """A client that has sent a request, and the response to it."""
    client, server = socket.socketpair()
    with client, server:
        client.sendall(f"{method} / HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        client.settimeout(0.2)
        settings = Config()
        request = next(RequestParser(settings, server, ("127.0.0.1", 1)))
        response = OnePacketResponse(request, server, settings)
        response.start_response("200 OK", [("X-Kind", "test")])
        yield client, response


def test_the_head_leaves_with_the_first_bytes_of_the_body() -> None:
    with answering("GET") as (client, response):
        response.write(b"abc")
        assert client.recv(4096).endswith(b"\r\nX-Kind: test\r\n\r\n3\r\nabc\r\n")
        response.write(b"d")
        response.close()
        assert client.recv(4096) == b"1\r\nd\r\n0\r\n\r\n"


@pytest.mark.parametrize(("method", "part"), [("GET", b""), ("HEAD", b"abc")])
def test_before_the_first_byte_has_left_another_answer_is_possible(
    method: str, part: bytes
) -> None:
    with answering(method) as (client, response):
        response.write(part)
        assert not response.headers_sent  # gunicorn then answers a failure with 500
        with pytest.raises(TimeoutError):
            client.recv(4096)
        response.close()
        assert client.recv(4096).startswith(b"HTTP/1.1 200 OK\r\n")


def test_an_answer_larger_than_the_buffer_arrives_whole() -> None:
    body = bytes(range(256)) * 20_000
    with answering("GET") as (client, response):
        response.sock = SmallBuffer(response.sock)
        received: list[bytes] = []
        reader = Thread(target=lambda: received.extend(iter(lambda: client.recv(65536), b"")))
        reader.start()
        client.settimeout(20)
        response.response_length, response.chunked = len(body), False
        response.write(body)
        response.sock.shutdown(socket.SHUT_WR)
        reader.join()
    assert b"".join(received).partition(b"\r\n\r\n")[2] == body


class SmallBuffer:
    """A socket that takes 1,000 bytes at once, as one without more room does."""

    def __init__(self, inner: socket.socket) -> None:
        self._inner, self.shutdown = inner, inner.shutdown

    def send(self, data: bytes) -> int:
        return self._inner.send(data[:1000])

    def sendall(self, data: bytes) -> None:
        self._inner.sendall(data)


def test_each_answer_has_the_date_of_its_second(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    for second in (784111777, 784111777, 784111778):
        monkeypatch.setattr("server.answers.time.time", lambda second=second: second + 0.9)
        with answering("GET") as (client, response):
            response.close()
            seen += [line for line in client.recv(4096).split(b"\r\n") if b"Date:" in line]
    expected = [b"Date: Sun, 06 Nov 1994 08:49:%d GMT" % second for second in (37, 37, 38)]
    assert seen == expected
