"""Rate limits counted in one Redis for all workers, and requests while Redis is unavailable."""

import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis
import requests
from flask import Flask

from tests.factories import Learner, content, token
from tests.operations.test_watching import figures
from tests.redis_server import redis_server
from tests.serving import free_port, gunicorn
from tests.timing import tries

pytestmark = pytest.mark.external


class Service:
    """Three workers that count in one Redis; 10 writes a minute."""

    def __init__(self, address: str) -> None:
        self.address = address

    def save(self, learner: Learner) -> requests.Response:
        headers = {"Authorization": f"Bearer {token(learner.id)}"}
        url = f"{self.address}/api/sessions/save"
        return requests.post(url, json=content(), headers=headers, timeout=10)


@contextmanager
def service(database_url: str, port: int, log: Path) -> Iterator[Service]:
    settings = {
        "RATELIMIT_STORAGE_URI": f"redis://127.0.0.1:{port}/0",
        "RATELIMIT_WRITES": "10",
        "WEB_CONCURRENCY": "3",
    }
    with gunicorn(database_url, log=log, **settings) as (address, _):
        yield Service(address)


def test_all_workers_count_together(app: Flask, database_url: str, tmp_path: Path) -> None:
    learner, other = Learner(app), Learner(app)
    port = free_port()
    with redis_server(port, tmp_path), service(database_url, port, tmp_path / "log") as running:
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: running.save(learner), range(40)))
        statuses = [answer.status_code for answer in answers]
        assert (statuses.count(201), statuses.count(429)) == (10, 30)
        assert running.save(other).headers["RateLimit"].startswith('"writes";r=9;t=')
        refused = running.save(learner)
        assert 50 <= int(refused.headers["Retry-After"]) <= 60
        keys = redis.Redis(port=port).keys()
        assert keys
        assert not [key for key in keys if learner.id.encode() in key]


@pytest.mark.parametrize("fault", ["gone", "hanging"])
def test_while_redis_is_away_requests_go_through_at_once_counted_and_logged(
    app: Flask, database_url: str, tmp_path: Path, fault: str
) -> None:
    learner, port, log = Learner(app), free_port(), tmp_path / "log"
    with redis_server(port, tmp_path) as server, service(database_url, port, log) as running:
        while running.save(learner).status_code != 429:
            pass
        usual = sorted(running.save(learner).elapsed.total_seconds() for _ in range(20))[10]
        if fault == "gone":
            server.terminate()
            server.wait()
        else:
            os.kill(server.pid, signal.SIGSTOP)
        sent = 0
        for attempt in tries():  # each asks Redis anew
            answers = [running.save(learner) for _ in range(30)]
            sent += len(answers)
            assert {answer.status_code for answer in answers} == {201}
            slowest = max(answer.elapsed.total_seconds() for answer in answers)
            attempt.check(slowest - usual, 0.05 + 0.05)  # the allowed cost, and a margin
            if attempt.slow:
                time.sleep(1.1)
        assert "RateLimit" not in answers[-1].headers
        assert figures(running.address)["vorex_rate_limit_uncounted_total", frozenset()] == sent
        assert "requests are not counted: Redis" in log.read_text()
        if fault == "hanging":
            os.kill(server.pid, signal.SIGCONT)
            time.sleep(1.5)
            assert running.save(learner).status_code == 429  # the counts are kept


def test_a_service_that_starts_without_its_redis_serves_and_counts_as_soon_as_it_comes(
    app: Flask, database_url: str, tmp_path: Path
) -> None:
    learner, port = Learner(app), free_port()
    with service(database_url, port, tmp_path / "log") as running:
        assert running.save(learner).status_code == 201
        with redis_server(port, tmp_path):
            time.sleep(1.5)
            assert "RateLimit" in running.save(learner).headers
