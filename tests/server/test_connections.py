"""Connections that do nothing make room for those that do."""

import re
import socket
from contextlib import ExitStack

import gevent
import psutil
import pytest
import requests
from flask import Flask

from server.listener import Listener
from tests.server.raw import answer, connect, everything, problem
from tests.serving import gunicorn

pytestmark = pytest.mark.alone
MAX_OPEN = 2000  # WORKER_CONNECTIONS, by default


def metric(text: str, name: str) -> float:
    found = re.search(rf"^{name} (\S+)$", text, re.MULTILINE)
    assert found, name
    return float(found[1])


def test_more_idle_connections_than_places_keep_nobody_out(app: Flask, database_url: str) -> None:
    with ExitStack() as open_ones, gunicorn(database_url, WEB_CONCURRENCY="1") as (address, master):
        (worker,) = psutil.Process(master.pid).children()
        idle: list[socket.socket] = []
        for number in range(MAX_OPEN + 150):
            client = open_ones.enter_context(connect(address))
            if number % 2:  # half of them ask once and stay, as phones do
                client.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
                assert answer(client).startswith(b"HTTP/1.1 200")
            idle.append(client)
        page = requests.get(f"{address}/metrics", timeout=2)
        assert metric(page.text, "vorex_http_connections") <= MAX_OPEN + 1
        assert metric(page.text, "vorex_http_connections_closed_total") >= 150
        assert idle[0].recv(1) == b""  # the longest idle one was closed
        idle[-1].sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert answer(idle[-1]).startswith(b"HTTP/1.1 200")
        assert worker.memory_info().rss < 150e6


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nA\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n", 400),
        (
            b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
            400,
        ),
        (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: private\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nExpect: private\r\nContent-Length: 1\r\n\r\n", 417),
        (b"GET /" + b"a" * 5000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414),
        (b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 20000 + b"\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"B: b\r\n" * 101 + b"\r\n", 431),
    ],
)
def test_what_is_not_http_gets_a_problem_and_ends_the_connection(
    app: Flask, service: str, request_: bytes, status: int
) -> None:
    with connect(service) as client:
        client.sendall(request_ + b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        received = everything(client)
    assert received.count(b"HTTP/1.1 ") == 1
    assert b"X-Request-ID: " in received
    found = problem(received)
    assert (found["status"], found["closes"]) == (status, True)
    assert found["type"].startswith("/problems/")


@pytest.fixture(scope="module")
def service(app: Flask, database_url: str) -> object:
    with gunicorn(database_url, WEB_CONCURRENCY="1") as (address, _):
        yield address


@pytest.mark.parametrize(
    ("head", "end"),
    [
        (b"GET /healthz HTTP/1.1\r\n", b"}"),
        (b"GET /nowhere HTTP/1.1\r\n", b"}"),
        (b"HEAD /healthz HTTP/1.1\r\n", b"\r\n\r\n"),
    ],
)
def test_head_and_body_of_an_answer_arrive_in_one_packet(
    app: Flask, service: str, head: bytes, end: bytes
) -> None:
    with connect(service) as client:
        for _ in range(5):
            client.sendall(head + b"Host: x\r\n\r\n")
            packet = client.recv(1024 * 1024)
            assert packet.startswith(b"HTTP/1.1 ")
            assert b"\r\n\r\n" in packet
            assert packet.endswith(end)
            if b"Connection: close" in packet:
                break


def test_a_burst_of_connections_is_taken_in_a_few_turns_of_a_busy_loop() -> None:
    served: list[int] = []
    turns = 0
    listener = Listener(("127.0.0.1", 0), lambda client, address: served.append(turns))
    listener.start()
    clients = [socket.create_connection(("127.0.0.1", listener.server_port)) for _ in range(12)]
    while len(served) < len(clients) and turns < 30:
        turns += 1
        gevent.sleep(1e-9)  # a turn of the loop, also where nothing is ready
    listener.stop()
    for client in clients:
        client.close()
    assert len(served) == len(clients)
    assert turns <= 6  # twelve and more where each turn takes one
