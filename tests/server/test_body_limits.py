"""Which bodies are given up where there is no room, what their clients hear, and what stays of all bodies."""

import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from uuid import uuid4

import gevent
import psutil
import pytest
import requests
from flask import Flask

from server.body_limits import MOST_HELD, BodyLimits, Busy
from tests.factories import token
from tests.serving import gunicorn


@dataclass(eq=False)
class Arriving:
    """A body of which more is to come."""

    taken: int
    is_complete: bool = False
    is_hung_up_on: bool = False

    def hang_up(self) -> None:
        self.is_hung_up_on = True


def test_a_body_that_waits_for_room_and_is_given_up_hears_that_the_service_is_busy() -> None:
    limits, given_up = BodyLimits(), []
    limits.on_give_up = lambda: given_up.append(1)
    large, waiting = Arriving(MOST_HELD), Arriving(50_000)
    limits.grow(large, large.taken)
    growing = gevent.spawn(limits.grow, waiting, waiting.taken)
    gevent.sleep(0.05)  # it now waits
    limits.hang_up_stalled()
    with pytest.raises(Busy):
        growing.get(timeout=2)
    assert given_up == [1]
    assert not waiting.is_hung_up_on


def test_a_worker_gives_the_memory_of_large_bodies_back(app: Flask, database_url: str) -> None:
    signed_in = {"Authorization": f"Bearer {token(str(uuid4()))}"}

    def send(size: int) -> None:
        url, body = f"{address}/api/sessions/batch", b"{}".ljust(size)
        headers = {**signed_in, "Content-Type": "application/json"}
        assert requests.post(url, body, headers=headers, timeout=30).status_code in {422, 503}

    settings = {"WEB_CONCURRENCY": "1", "RATELIMIT_ENABLED": "false"}
    with gunicorn(database_url, **settings) as (address, master):
        (worker,) = psutil.Process(master.pid).children()
        send(100)
        before = worker.memory_info().rss
        with ThreadPoolExecutor(16) as clients:
            list(clients.map(send, [4_000_000, 3_000_000, 1_000_000, 400_000, 200_000] * 40))
        assert worker.memory_info().rss < before + 12e6


def test_no_memory_is_reserved_for_what_a_body_only_announces(
    app: Flask, database_url: str
) -> None:
    head = (
        "POST /api/sessions/batch HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {token(str(uuid4()))}\r\n"
        "Content-Length: 4000000\r\nExpect: 100-continue\r\n\r\n"
    )
    with gunicorn(database_url, WEB_CONCURRENCY="1") as (address, master), ExitStack() as clients:
        port = int(address.rpartition(":")[2])
        (worker,) = psutil.Process(master.pid).children()
        requests.get(f"{address}/readyz", timeout=5)
        before = worker.memory_info().vms
        for _ in range(40):
            client = clients.enter_context(socket.create_connection(("127.0.0.1", port), 10))
            client.sendall(head.encode())
            assert client.recv(100).startswith(b"HTTP/1.1 100")  # the service now reads
        assert worker.memory_info().vms < before + 80e6  # of 160 announced
