"""Bodies of hostile clients: none costs more than its length, and nothing unread is taken for a request."""

import base64
import gzip
import json
import os
import socket
import time
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from threading import Thread

import psutil
import pytest
import requests
from flask import Flask

from tests.factories import content, token
from tests.server.raw import answer, connect, everything, longest_wait, post, problem
from tests.serving import gunicorn

pytestmark = pytest.mark.alone

CHUNKED = "Transfer-Encoding: chunked"
SIGNED_IN = f"Authorization: Bearer {token()}"


@pytest.fixture(scope="module")
def address(app: Flask, database_url: str) -> Iterator[str]:
    with gunicorn(database_url, WEB_CONCURRENCY="1", RATELIMIT_ENABLED="false") as (address, _):
        yield address


def send_endlessly(address: str, start: bytes, piece: bytes, megabytes: int) -> None:
    with connect(address) as client:
        client.sendall(start)
        try:
            for _ in range(megabytes * 1024 * 1024 // len(piece)):
                client.sendall(piece)
        except OSError:
            pass  # hung up on, as it should be


@pytest.mark.parametrize(
    "headers", [CHUNKED, f"{CHUNKED}\r\n{SIGNED_IN}"], ids=["anyone", "learner"]
)
@pytest.mark.parametrize(
    ("start", "piece"),
    [
        (b"1;", b"a" * 65536),  # an extension
        (b"", b"1" * 65536),  # a size
        (b"0\r\n", b"a" * 65536),  # a trailer
        (b"0\r\n", b"a: b\r\n" * 10000),  # trailers
        (b"", b"1;" + b"a" * 4000 + b"\r\nx\r\n"),  # many long extensions
        (b"", b"1\r\n \r\n" * 10000),  # many small chunks
    ],
)
def test_endless_chunk_lines_and_trailers_delay_nobody(
    address: str, headers: str, start: bytes, piece: bytes
) -> None:
    attackers = [
        Thread(target=send_endlessly, args=(address, post(headers) + start, piece, 8))
        for _ in range(4)
    ]
    for attacker in attackers:
        attacker.start()
    assert longest_wait(address, 2, lambda: any(map(Thread.is_alive, attackers))) < 0.5
    for attacker in attackers:
        attacker.join()


@pytest.mark.parametrize(
    "body",
    [
        b"x\r\n",
        b"-1\r\n",
        b"+1\r\na\r\n0\r\n\r\n",
        b"0x1\r\na\r\n0\r\n\r\n",
        b"1_0\r\n",
        b"\r\n",
        b"1\n1\n0\n\n",
        b"2\r\nabc\r\n0\r\n\r\n",
        b"11111111111111111\r\n",
        b"2\r\n{}\r\n0\r\nno colon\r\n\r\n",
        b"1;" + b"a" * 5000 + b"\r\n",
    ],
)
def test_a_malformed_chunk_is_400_and_ends_the_connection(address: str, body: bytes) -> None:
    second = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    with connect(address) as client:
        client.sendall(post(f"{CHUNKED}\r\n{SIGNED_IN}") + body + second)
        received = everything(client)
    assert received.count(b"HTTP/1.1 ") == 1
    found = problem(received)
    assert (found["status"], found["type"], found["closes"]) == (400, "/problems/unreadable", True)


def test_chunks_with_extensions_and_trailers_are_read(address: str) -> None:
    body = json.dumps(content()).encode()
    chunks = b"".join(
        f'{len(piece):X};name="value"\r\n'.encode() + piece + b"\r\n"
        for piece in (body[:1], body[1:40], body[40:])
    )
    with connect(address) as client:
        for _ in range(2):  # the connection stays usable
            client.sendall(post(f"{CHUNKED}\r\n{SIGNED_IN}") + chunks + b"0\r\nDigest: x\r\n\r\n")
            assert answer(client).startswith(b"HTTP/1.1 20")


def test_a_gzip_body_may_come_in_chunks_and_be_followed_by_another_request(address: str) -> None:
    zipped = gzip.compress(json.dumps(content()).encode())
    chunks = b"".join(b"%X\r\n%b\r\n" % (len(piece), piece) for piece in (zipped[:7], zipped[7:]))
    head = post(f"{CHUNKED}\r\nContent-Encoding: gzip\r\n{SIGNED_IN}")
    with connect(address) as client:
        for _ in range(2):
            client.sendall(head + chunks + b"0\r\n\r\n")
            assert answer(client).startswith(b"HTTP/1.1 20")


@pytest.mark.parametrize("size", [1_000_000, 1_100_000, 3_000_000])
def test_a_gzip_body_in_chunks_has_its_limit_too(address: str, size: int) -> None:
    zipped = gzip.compress(os.urandom(size))
    head = post(f"{CHUNKED}\r\nContent-Encoding: gzip\r\n{SIGNED_IN}")
    with connect(address) as client:
        with suppress(OSError):  # it may be refused before all of it is sent
            client.sendall(head + b"%X\r\n%b\r\n0\r\n\r\n" % (len(zipped), zipped))
        status = int(answer(client).split()[1])
    assert status == (413 if size > 2**20 else 400)


def test_a_body_that_ends_early_is_408_or_nothing_and_ends_the_connection(address: str) -> None:
    with connect(address) as client:
        client.sendall(post(f"Content-Length: 100\r\n{SIGNED_IN}") + b"{")
        client.shutdown(socket.SHUT_WR)
        found = problem(everything(client))
    assert (found["status"], found["closes"]) == (408, True)


def test_what_follows_an_unread_body_is_no_request(address: str) -> None:
    hidden = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" * 3000  # 111 kB
    with connect(address) as client:
        client.sendall(post(f"Content-Length: {len(hidden)}") + hidden)
        received = everything(client)
    assert received.count(b"HTTP/1.1 ") == 1
    assert problem(received)["status"] == 401


def test_a_small_unread_body_keeps_the_connection(address: str) -> None:
    with connect(address) as client:
        for _ in range(3):
            client.sendall(post("Content-Length: 5000") + b"a" * 5000)
            assert answer(client).startswith(b"HTTP/1.1 401")


def test_stalled_bodies_take_little_memory_and_others_are_served(
    app: Flask, database_url: str
) -> None:
    settings = {"WEB_CONCURRENCY": "1", "RATELIMIT_ENABLED": "false"}
    size = 4 * 1024 * 1024
    head = post(f"Content-Length: {size}\r\n{SIGNED_IN}", "/api/sessions/batch")
    with gunicorn(database_url, **settings) as (address, master):
        (worker,) = psutil.Process(master.pid).children()
        clients = [connect(address, timeout=1) for _ in range(118)]

        def stall(client: socket.socket) -> None:
            with suppress(OSError):  # hung up on, or nothing is read any more
                client.sendall(head + b" " * (size - 1))

        with ThreadPoolExecutor(59) as pool:
            list(pool.map(stall, clients))
        time.sleep(0.5)
        assert worker.memory_info().rss < 150e6
        saved = requests.post(
            f"{address}/api/sessions/save",
            json=content(),
            headers=dict([SIGNED_IN.split(": ")]),
            timeout=5,
        )
        assert saved.status_code == 201
        for client in clients:
            client.close()


@pytest.mark.parametrize(
    "values",
    [b"[" + b"{}," * 1_300_000 + b"{}]", b"[1111111111111111111" + b",1" * 2_000_000 + b"]"],
    ids=["objects", "numbers"],
)
def test_a_body_of_very_many_values_delays_nobody(address: str, values: bytes) -> None:
    answers: list[requests.Response] = []

    def send() -> None:
        for _ in range(5):
            answers.append(
                requests.post(
                    f"{address}/api/sessions/batch",
                    data=values,
                    headers={"Content-Type": "application/json", **dict([SIGNED_IN.split(": ")])},
                    timeout=9,
                )
            )

    sender = Thread(target=send)
    sender.start()
    assert longest_wait(address, 1) < 0.3
    sender.join()
    assert {answer.status_code for answer in answers} == {413}
    assert "300,000 values" in answers[0].json()["detail"]


def test_bodies_that_decompress_to_a_thousandfold_cost_little(
    app: Flask, database_url: str
) -> None:
    sign_in = dict([SIGNED_IN.split(": ")])
    headers = {**sign_in, "Content-Type": "application/json", "Content-Encoding": "gzip"}
    bomb = gzip.compress(bytes(64 * 1024 * 1024))
    largest = gzip.compress(b"{}".ljust(4 * 1024 * 1024))

    def send(body: bytes) -> int:
        batch = f"{address}/api/sessions/batch"
        return requests.post(batch, data=body, headers=headers, timeout=30).status_code

    with gunicorn(database_url, WEB_CONCURRENCY="1", RATELIMIT_ENABLED="false") as (
        address,
        master,
    ):
        (worker,) = psutil.Process(master.pid).children()
        with ThreadPoolExecutor(40) as pool:
            statuses = pool.map(send, [bomb, largest] * 40)
            assert longest_wait(address, 2) < 0.5
            assert list(statuses) == [413, 422] * 40
        assert worker.memory_info().rss < 150e6


def test_clients_who_read_nothing_keep_no_turn_from_others(address: str) -> None:
    batch = json.dumps({"sessions": [content(metadata={"text": "a" * 15_000})] * 30}).encode()
    head = post(f"Content-Length: {len(batch)}\r\n{SIGNED_IN}", "/api/sessions/batch")
    with ExitStack() as open_ones:
        for _ in range(2):
            client = socket.socket()
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            host, port = address.removeprefix("http://").split(":")
            client.connect((host, int(port)))
            open_ones.enter_context(client).sendall(head + batch)
        began = time.monotonic()
        with connect(address) as other:
            other.sendall(head + batch)
            assert answer(other).startswith(b"HTTP/1.1 200")
        assert time.monotonic() - began < 5


def test_small_saves_do_not_wait_for_large_gzip_bodies(address: str) -> None:
    large = gzip.compress(b'{"sessions":"' + base64.b64encode(os.urandom(3_100_000)) + b'"}')
    headers = {**dict([SIGNED_IN.split(": ")]), "Content-Type": "application/json"}

    def send_large(_: int) -> int:
        coded = {**headers, "Content-Encoding": "gzip"}
        url = f"{address}/api/sessions/batch"
        return requests.post(url, data=large, headers=coded, timeout=40).status_code

    with ThreadPoolExecutor(12) as pool:
        statuses = pool.map(send_large, range(24))
        for _ in range(10):
            began = time.monotonic()
            saved = requests.post(
                f"{address}/api/sessions/save", json=content(), headers=headers, timeout=20
            )
            assert saved.status_code == 201
            assert time.monotonic() - began < 2
            time.sleep(0.1)
        assert set(statuses) <= {422, 503}


def test_gzip_blocks_without_content_delay_nobody(address: str) -> None:
    compressor = zlib.compressobj(wbits=31)
    start = compressor.compress(b"") + compressor.flush(zlib.Z_FULL_FLUSH)
    empty = b"\0\0\0\xff\xff" * 800_000  # stored blocks of no bytes
    headers = {**dict([SIGNED_IN.split(": ")]), "Content-Type": "application/json"}

    def send() -> None:
        coded = {**headers, "Content-Encoding": "gzip"}
        url = f"{address}/api/sessions/batch"
        statuses.append(
            requests.post(url, data=start + empty, headers=coded, timeout=9).status_code
        )

    statuses: list[int] = []
    sender = Thread(target=send)
    sender.start()
    assert longest_wait(address, 1) < 0.2
    sender.join()
    assert statuses == [400]


def test_an_unread_body_has_a_second_in_all(address: str) -> None:
    with connect(address) as client:
        client.sendall(post("Content-Length: 60000"))
        assert answer(client).startswith(b"HTTP/1.1 401")
        began = time.monotonic()
        with suppress(OSError):
            while time.monotonic() - began < 8:
                client.sendall(b"a")
                time.sleep(0.4)
        assert time.monotonic() - began < 5


def test_a_coding_that_nobody_decodes_is_refused(address: str) -> None:
    with connect(address) as client:
        coded = f"Transfer-Encoding: gzip, chunked\r\n{SIGNED_IN}"
        client.sendall(post(coded) + b"2\r\n{}\r\n0\r\n\r\n")
        assert problem(everything(client))["status"] == 400


def test_a_stalled_body_does_not_delay_the_end(app: Flask, database_url: str) -> None:
    with (
        gunicorn(database_url, WEB_CONCURRENCY="1") as (address, master),
        connect(address) as client,
    ):
        client.sendall(post(f"Content-Length: 100\r\n{SIGNED_IN}") + b"{")
        time.sleep(0.5)
        began = time.monotonic()
        master.terminate()
        assert master.wait(timeout=40) == 0
        assert time.monotonic() - began < 8
