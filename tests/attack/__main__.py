"""Run the attack: `python -m tests.attack SECONDS`; `make attack` runs it for two minutes."""

import json
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import psutil

import config
from tests.attack.clients import GoodLearner
from tests.attack.hostile import run
from tests.factories import SECRET
from tests.serving import gunicorn
from tests.timing import tries
from vorex_sessions import create_app
from vorex_sessions.database.migrate import upgrade
from vorex_sessions.extensions import db
from vorex_sessions.local import embedded_postgres

GOOD = 4
MOST_MEMORY = 160e6  # bytes of a worker, which begins with up to 46 MB
LONGEST_P99 = 0.25  # seconds


def attack(seconds: float, seed: int) -> dict[str, Any]:
    """Attack a new service; returns what was measured; the caller judges the waits. Raises AssertionError."""
    folder = Path(tempfile.mkdtemp(prefix="vorex-attack-"))
    url = embedded_postgres.start(folder / "postgres")
    app = create_app(config.read({"DATABASE_URL": url, "SUPABASE_JWT_SECRET": SECRET}))
    try:
        with app.app_context():
            upgrade()
            db.engine.dispose()
        with gunicorn(url, log=folder / "log") as (address, master):
            workers = {worker.pid for worker in psutil.Process(master.pid).children()}
            clients, statuses, memory = _run(seconds, seed, address, workers)
            alive = {worker.pid for worker in psutil.Process(master.pid).children()}
        log = (folder / "log").read_text()
    finally:
        embedded_postgres.stop(folder / "postgres")
        shutil.rmtree(folder, ignore_errors=True)
    assert alive == workers, "a worker was ended"
    assert "unhandled error" not in log, log[log.index("unhandled error") - 300 :][:3000]
    return _judge(clients, statuses, memory)


def _run(
    seconds: float, seed: int, address: str, workers: set[int]
) -> tuple[list[GoodLearner], dict[str, int], float]:
    """The well-behaved clients, the answers to the others by status, and the most memory of a worker."""
    command = [sys.executable, "-m", "tests.attack.hostile", address, str(seconds), str(seed)]
    memory, done = 0.0, threading.Event()

    def watch() -> None:
        nonlocal memory
        while not done.wait(0.5):
            memory = max(memory, *(psutil.Process(one).memory_info().rss for one in workers))

    watcher = threading.Thread(target=watch)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as hostile:
        watcher.start()
        try:
            clients = run((GoodLearner,) * GOOD, address, seconds, seed)
            output, _ = hostile.communicate(timeout=120)
        finally:
            done.set()
            watcher.join()
            hostile.kill()
    assert hostile.returncode == 0
    return clients, json.loads(output), memory


def _judge(clients: list[GoodLearner], statuses: dict[str, int], memory: float) -> dict[str, Any]:
    waits = sorted(wait for client in clients for wait in client.waits)
    found = {
        "requests of learners": len(waits),
        "p50, s": round(waits[len(waits) // 2], 3),
        "p99, s": round(waits[len(waits) * 99 // 100], 3),
        "longest, s": round(waits[-1], 3),
        "MB of a worker": round(memory / 1e6),
        "answers to attackers": statuses,
    }
    assert memory < MOST_MEMORY, found
    assert {"200", "400", "413", "422"} <= statuses.keys(), found
    assert "500" not in statuses, found
    return found


if __name__ == "__main__":
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else int(time.time())
    print(f"seed {seed}", flush=True)  # noqa: T201  # to run the same again
    for attempt in tries():
        found = attack(float(sys.argv[1]), seed)
        print(found, flush=True)  # noqa: T201  # the result
        attempt.check(found["p99, s"], LONGEST_P99)
