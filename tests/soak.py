"""Run the service under faults: dropped connections, killed workers, a restarted database.

`python -m tests.soak SECONDS` runs for that long; tests/test_faults.py runs it briefly.
"""

import random
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil
import requests

import config
from tests.factories import SECRET, content, token
from tests.proxy import NO_CUT, Cut, Proxy
from tests.serving import gunicorn
from vorex_sessions import create_app
from vorex_sessions.database.migrate import upgrade
from vorex_sessions.extensions import db
from vorex_sessions.local import embedded_postgres

CLIENTS = 8


@dataclass
class Ledger:
    """The sessions of one client that were answered with 2xx, by id."""

    learner: str = field(default_factory=lambda: str(uuid4()))
    kept: dict[str, dict[str, Any]] = field(default_factory=dict)
    retries: int = 0
    replays: int = 0


class Client(threading.Thread):
    """Saves sessions one by one, and repeats each save until it is answered."""

    def __init__(self, address: str, stopping: threading.Event, seed: int) -> None:
        super().__init__(daemon=True)
        self.address, self.stopping, self.random = address, stopping, random.Random(seed)
        self.ledger = Ledger()
        self.error: BaseException | None = None
        self.last_failure = ""

    def run(self) -> None:
        try:
            while not self.stopping.is_set():
                self.random.choice((self._by_id, self._by_key, self._batch))()
        except BaseException as error:  # the main thread raises it; otherwise it is lost
            self.error = error

    def _content(self) -> dict[str, Any]:
        return content(
            duration_seconds=self.random.randrange(1, 1000),
            words_spoken=self.random.randrange(100),
        )

    def _by_id(self) -> None:
        body = {**self._content(), "session_result_id": str(uuid4())}
        self._record(self._send_until_ok("save", body, {}), body)

    def _by_key(self) -> None:
        body = self._content()
        self._record(self._send_until_ok("save", body, {"Idempotency-Key": uuid4().hex}), body)

    def _batch(self) -> None:
        items = [
            {**self._content(), "session_result_id": str(uuid4())}
            for _ in range(self.random.randrange(1, 20))
        ]
        answer = self._send_until_ok("batch", {"sessions": items}, {})
        for item, result in zip(items, answer["results"], strict=True):
            assert result["status"] in ("created", "replayed"), result
            self._record(result["session"], item)

    def _record(self, stored: dict[str, Any], body: dict[str, Any]) -> None:
        assert stored["session_result_id"] not in self.ledger.kept
        assert stored["duration_seconds"] == body["duration_seconds"]
        self.ledger.kept[stored["session_result_id"]] = body

    def post(self, url: str, **options: Any) -> requests.Response:
        return requests.post(url, **options)

    def _send_until_ok(self, what: str, body: Any, headers: dict[str, str]) -> Any:
        """Repeat a request until its answer is 2xx; a 503 or a failed connection is retried."""
        signed = {"Authorization": f"Bearer {token(self.ledger.learner)}", **headers}
        while True:
            try:
                response = self.post(
                    f"{self.address}/api/sessions/{what}", json=body, headers=signed, timeout=5
                )
                if response.ok:
                    self.ledger.replays += "Idempotency-Replayed" in response.headers
                    return response.json()
                assert response.status_code == 503, response.text
                self.last_failure = response.text
            except requests.RequestException as error:
                self.last_failure = repr(error)
            self.ledger.retries += 1
            time.sleep(self.random.uniform(0.01, 0.1))


def cuts(seed: int) -> Callable[[], Cut]:
    """Return a plan of random cuts: before a request, within it, within its answer, or none."""
    dice = random.Random(seed)

    def plan() -> Cut:
        draw = dice.random()
        if draw < 0.1:
            return Cut(requests=0)
        if draw < 0.2:
            return Cut(requests=dice.randrange(1, 900))
        if draw < 0.35:
            return Cut(answers=dice.randrange(0, 600))
        return NO_CUT

    return plan


def soak(seconds: float, seed: int = 1) -> dict[str, Any]:
    """Run clients under faults, then compare; raise AssertionError where a session was lost."""
    folder = Path(tempfile.mkdtemp(prefix="vorex-soak-"))
    data = folder / "postgres"
    url = embedded_postgres.start(data)
    app = create_app(config.read({"DATABASE_URL": url, "SUPABASE_JWT_SECRET": SECRET}))
    try:
        with app.app_context():
            upgrade()
            db.engine.dispose()
        with gunicorn(url, RATELIMIT_ENABLED="false") as (address, master):
            port = int(address.rpartition(":")[2])
            with Proxy(port, cuts(seed)) as proxy:
                clients, faults = _run_clients(seconds, proxy.port, master.pid, data, seed)
            return {**compare(address, clients), **faults}
    finally:
        embedded_postgres.stop(data)
        shutil.rmtree(folder, ignore_errors=True)


def _run_clients(
    seconds: float, port: int, master: int, data: Path, seed: int
) -> tuple[list[Client], dict[str, int]]:
    stopping = threading.Event()
    clients = [Client(f"http://127.0.0.1:{port}", stopping, seed + n) for n in range(CLIENTS)]
    for client in clients:
        client.start()
    faults = {"workers_killed": 0, "database_restarts": 0}
    dice, deadline = random.Random(seed), time.monotonic() + seconds
    while time.monotonic() < deadline:
        time.sleep(min(1.5, seconds / 8))
        if dice.random() < 0.7 or faults["workers_killed"] == 0:
            workers = psutil.Process(master).children()
            if workers:
                dice.choice(workers).send_signal(signal.SIGKILL)
                faults["workers_killed"] += 1
        else:
            embedded_postgres.stop(data)
            time.sleep(0.3)
            embedded_postgres.start(data)
            faults["database_restarts"] += 1
    embedded_postgres.stop(data)
    embedded_postgres.start(data)
    faults["database_restarts"] += 1
    stopping.set()
    for client in clients:
        client.join(60)
        assert not client.is_alive(), f"a client was never answered: {client.last_failure}"
        if client.error:
            raise client.error
    return clients, faults


def compare(address: str, clients: Sequence[Client]) -> dict[str, Any]:
    """Compare the stored sessions with those that the service confirmed to its clients."""
    for client in clients:
        ledger = client.ledger
        headers = {"Authorization": f"Bearer {token(ledger.learner)}"}

        def get(path: str, headers: dict[str, str] = headers) -> Any:
            response = requests.get(f"{address}/api/sessions/{path}", headers=headers, timeout=10)
            assert response.ok, response.text
            return response.json()

        seen: list[str] = []
        page = get("history?limit=100")
        while page:
            seen += [session["session_result_id"] for session in page["sessions"]]
            cursor = page["next_cursor"]
            page = get(f"history?limit=100&cursor={cursor}") if cursor else None
        assert len(seen) == len(set(seen)), "a session is there twice"
        assert set(seen) == ledger.kept.keys(), "what is stored is not what was answered"
        stats = get("stats?period=all")
        kept = ledger.kept.values()
        assert stats["total_sessions"] == len(kept)
        assert stats["total_duration"] == sum(session["duration_seconds"] for session in kept)
        assert stats["total_words_spoken"] == sum(session["words_spoken"] for session in kept)
    return {
        "sessions": sum(len(client.ledger.kept) for client in clients),
        "retries": sum(client.ledger.retries for client in clients),
        "replays": sum(client.ledger.replays for client in clients),
    }


if __name__ == "__main__":
    print(soak(float(sys.argv[1]), seed=int(time.time())))  # noqa: T201  # the result
