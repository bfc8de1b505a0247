"""The service under real gunicorn, over real HTTP."""

import http.client
import json
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator

import psutil
import pytest
import requests
import sqlalchemy as sa
from flask import Flask

from tests.factories import content, stored, token
from tests.serving import BIN, ROOT, environment, free_port, gunicorn
from tests.timing import wait_until
from vorex_sessions.extensions import db


@pytest.fixture
def service(app: Flask, database_url: str) -> Iterator[tuple]:
    with gunicorn(database_url) as running:
        yield running


def test_a_session_is_saved_and_seen(service: tuple) -> None:
    address, _ = service
    headers = {"Authorization": f"Bearer {token()}"}
    saved = requests.post(
        f"{address}/api/sessions/save", json=content(), headers=headers, timeout=9
    )
    assert saved.status_code == 201
    history = requests.get(f"{address}/api/sessions/history", headers=headers, timeout=9)
    assert history.json()["sessions"] == [stored(saved.json())]


@pytest.mark.parametrize("signed_in", [True, False])
def test_a_3_mb_body_gets_its_answer(service: tuple, signed_in: bool) -> None:
    address, _ = service
    connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=9)
    headers = {"Content-Type": "application/json"}
    if signed_in:
        headers["Authorization"] = f"Bearer {token()}"
    for _ in range(2):  # the connection stays usable
        connection.request("POST", "/api/sessions/save", b" " * 3_000_000, headers)
        response = connection.getresponse()
        assert response.status == (413 if signed_in else 401)
        assert json.loads(response.read())["type"].startswith("/problems/")
    connection.close()


def test_a_chunked_3_mb_body_gets_its_answer(service: tuple) -> None:
    address, _ = service
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token()}"}
    chunks = (b" " * 100_000 for _ in range(30))
    response = requests.post(
        f"{address}/api/sessions/save", data=chunks, headers=headers, timeout=9
    )
    assert response.status_code == 413


def test_a_request_in_flight_is_answered_on_sigterm(service: tuple) -> None:
    address, process = service
    headers = {"Authorization": f"Bearer {token()}"}
    answers: list[int] = []

    def save() -> None:
        url = f"{address}/api/sessions/save"
        answers.append(requests.post(url, json=content(), headers=headers, timeout=20).status_code)

    with LockedTable():
        thread = threading.Thread(target=save)
        thread.start()
        time.sleep(0.5)  # the save now waits for the table
        process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        assert process.poll() is None
    thread.join()
    assert answers == [201]
    assert process.wait(timeout=20) == 0


def test_idle_connections_do_not_delay_the_end(service: tuple) -> None:
    address, process = service
    host, port = address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))), requests.Session() as session:
        session.get(f"{address}/healthz", timeout=9)
        started = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0
        assert time.monotonic() - started < 8


def test_workers_that_have_only_begun_do_not_delay_the_end(database_url: str) -> None:
    for seconds in (0, 0.02, 0.05, 0.1):  # of a worker, after which it has handlers of its own
        settings = environment(database_url, PORT=str(free_port()), WEB_CONCURRENCY="2")
        with subprocess.Popen([BIN / "gunicorn", "wsgi:app"], cwd=ROOT, env=settings) as process:
            wait_until(lambda master=process.pid: len(psutil.Process(master).children()) == 2)
            time.sleep(seconds)
            process.terminate()
            assert process.wait(timeout=20) == 0


@pytest.fixture(autouse=True)
def _in_app(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield


class LockedTable:
    """A lock that keeps others from writing session results."""

    def __enter__(self) -> None:
        self.connection = db.engine.connect().execution_options(isolation_level="READ COMMITTED")
        self.connection.execute(sa.text("LOCK TABLE session_results IN EXCLUSIVE MODE"))

    def __exit__(self, *exception: object) -> None:
        self.connection.rollback()
        self.connection.close()
