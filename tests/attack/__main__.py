"""Run the attack: `python -m tests.attack SECONDS`; `make attack` runs it for two minutes."""

import shutil
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import psutil

import config
from tests.attack.clients import Client, GoodLearner, Hoarder, HttpAttacker, JsonAttacker
from tests.factories import SECRET
from tests.serving import gunicorn
from vorex_sessions import create_app
from vorex_sessions.database.migrate import upgrade
from vorex_sessions.extensions import db
from vorex_sessions.local import embedded_postgres

HOSTILE = (HttpAttacker, HttpAttacker, JsonAttacker, JsonAttacker, Hoarder)
GOOD = 4
MOST_MEMORY = 150e6  # bytes of a worker
LONGEST_P99 = 0.25  # seconds


def attack(seconds: float, seed: int) -> dict[str, Any]:
    """Attack a new service. Raises AssertionError where a well-behaved learner notices."""
    folder = Path(tempfile.mkdtemp(prefix="vorex-attack-"))
    url = embedded_postgres.start(folder / "postgres")
    app = create_app(config.read({"DATABASE_URL": url, "SUPABASE_JWT_SECRET": SECRET}))
    try:
        with app.app_context():
            upgrade()
            db.engine.dispose()
        with gunicorn(url, log=folder / "log") as (address, master):
            workers = {worker.pid for worker in psutil.Process(master.pid).children()}
            clients, memory = _run(seconds, seed, address, workers)
            alive = {worker.pid for worker in psutil.Process(master.pid).children()}
        log = (folder / "log").read_text()
    finally:
        embedded_postgres.stop(folder / "postgres")
        shutil.rmtree(folder, ignore_errors=True)
    assert alive == workers, "a worker was ended"
    assert "unhandled error" not in log, log[log.index("unhandled error") - 300 :][:3000]
    return _judge(clients, memory)


def _run(seconds: float, seed: int, address: str, workers: set[int]) -> tuple[list[Client], float]:
    stopping, memory = threading.Event(), 0.0
    kinds = (*HOSTILE, *[GoodLearner] * GOOD)
    clients = [kind(address, stopping, seed + number) for number, kind in enumerate(kinds)]
    for client in clients:
        client.start()
    until = time.monotonic() + seconds
    while time.monotonic() < until and not any(client.error for client in clients):
        memory = max(memory, *(psutil.Process(worker).memory_info().rss for worker in workers))
        time.sleep(0.5)
    stopping.set()
    for client in clients:
        client.join(60)
        if client.error:
            raise client.error
    return clients, memory


def _judge(clients: list[Client], memory: float) -> dict[str, Any]:
    waits = sorted(w for client in clients if isinstance(client, GoodLearner) for w in client.waits)
    statuses = sum((client.statuses for client in clients), Counter[int]())
    found = {
        "requests of learners": len(waits),
        "p50, s": round(waits[len(waits) // 2], 3),
        "p99, s": round(waits[len(waits) * 99 // 100], 3),
        "longest, s": round(waits[-1], 3),
        "MB of a worker": round(memory / 1e6),
        "answers to attackers": dict(sorted(statuses.items())),
    }
    assert found["p99, s"] < LONGEST_P99, found
    assert memory < MOST_MEMORY, found
    assert sum(statuses.values()) > 5 * len(clients), found
    assert 500 not in statuses, found
    return found


if __name__ == "__main__":
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else int(time.time())
    print(f"seed {seed}", flush=True)  # noqa: T201  # to run the same again
    print(attack(float(sys.argv[1]), seed))  # noqa: T201  # the result
