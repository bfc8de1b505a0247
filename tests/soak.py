"""The service under everything that goes wrong: dropped connections, killed workers, a restarted database.

`python -m tests.soak SECONDS` runs it for as long as asked; tests/test_faults.py runs it shortly.
"""

import random
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil
import requests

import config
from tests.factories import SECRET, content, token
from tests.proxy import WHOLE, Cut, Proxy
from tests.serving import gunicorn
from vorex_sessions import create_app
from vorex_sessions.database.migrate import upgrade
from vorex_sessions.extensions import db
from vorex_sessions.local import embedded_postgres

CLIENTS = 8


@dataclass
class Ledger:
    """What one client knows: every session it was ever answered 2xx for, by id."""

    learner: str = field(default_factory=lambda: str(uuid4()))
    kept: dict[str, dict[str, Any]] = field(default_factory=dict)
    retries: int = 0
    replays: int = 0


class Client(threading.Thread):
    """Saves one session after the other, each again until it is answered."""

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
        except BaseException as error:  # told to the main thread, which would never know
            self.error = error

    def _content(self) -> dict[str, Any]:
        return content(
            duration_seconds=self.random.randrange(1, 1000),
            words_spoken=self.random.randrange(100),
        )

    def _by_id(self) -> None:
        said = {**self._content(), "session_result_id": str(uuid4())}
        self._keep(self._insist("save", said, {}), said)

    def _by_key(self) -> None:
        said = self._content()
        self._keep(self._insist("save", said, {"Idempotency-Key": uuid4().hex}), said)

    def _batch(self) -> None:
        items = [
            {**self._content(), "session_result_id": str(uuid4())}
            for _ in range(self.random.randrange(1, 20))
        ]
        answer = self._insist("batch", {"sessions": items}, {})
        for item, result in zip(items, answer["results"], strict=True):
            assert result["status"] in ("created", "replayed"), result
            self._keep(result["session"], item)

    def _keep(self, stored: dict[str, Any], said: dict[str, Any]) -> None:
        assert stored["session_result_id"] not in self.ledger.kept
        assert stored["duration_seconds"] == said["duration_seconds"]
        self.ledger.kept[stored["session_result_id"]] = said

    def _insist(self, what: str, body: Any, headers: dict[str, str]) -> Any:
        """Send the same until it is answered with 2xx; what is no answer at all does not count."""
        signed = {"Authorization": f"Bearer {token(self.ledger.learner)}", **headers}
        while True:
            try:
                response = requests.post(
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
    """Before the request, in it, in the answer, or not at all."""
    dice = random.Random(seed)

    def plan() -> Cut:
        fate = dice.random()
        if fate < 0.1:
            return Cut(requests=0)
        if fate < 0.2:
            return Cut(requests=dice.randrange(1, 900))
        if fate < 0.35:
            return Cut(answers=dice.randrange(0, 600))
        return WHOLE

    return plan


def soak(seconds: float, seed: int = 1) -> dict[str, Any]:
    """Run everything for a while, then compare; raises AssertionError where anything was lost."""
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
                clients, disasters = _storm(seconds, proxy.port, master.pid, data, seed)
            return {**_compare(address, clients), **disasters}
    finally:
        embedded_postgres.stop(data)
        shutil.rmtree(folder, ignore_errors=True)


def _storm(
    seconds: float, port: int, master: int, data: Path, seed: int
) -> tuple[list[Client], dict[str, int]]:
    stopping = threading.Event()
    clients = [Client(f"http://127.0.0.1:{port}", stopping, seed + n) for n in range(CLIENTS)]
    for client in clients:
        client.start()
    disasters = {"workers_killed": 0, "database_restarts": 0}
    dice, deadline = random.Random(seed), time.monotonic() + seconds
    while time.monotonic() < deadline:
        time.sleep(min(1.5, seconds / 8))
        if dice.random() < 0.7 or disasters["workers_killed"] == 0:
            workers = psutil.Process(master).children()
            if workers:
                dice.choice(workers).send_signal(signal.SIGKILL)
                disasters["workers_killed"] += 1
        else:
            embedded_postgres.stop(data)
            time.sleep(0.3)
            embedded_postgres.start(data)
            disasters["database_restarts"] += 1
    embedded_postgres.stop(data)
    embedded_postgres.start(data)
    disasters["database_restarts"] += 1
    stopping.set()
    for client in clients:
        client.join(60)
        assert not client.is_alive(), f"a client was never answered: {client.last_failure}"
        if client.error:
            raise client.error
    return clients, disasters


def _compare(address: str, clients: list[Client]) -> dict[str, Any]:
    """What the service holds against what the clients were told it holds."""
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
        assert stats["total_duration"] == sum(said["duration_seconds"] for said in kept)
        assert stats["total_words_spoken"] == sum(said["words_spoken"] for said in kept)
    return {
        "sessions": sum(len(client.ledger.kept) for client in clients),
        "retries": sum(client.ledger.retries for client in clients),
        "replays": sum(client.ledger.replays for client in clients),
    }


if __name__ == "__main__":
    print(soak(float(sys.argv[1]), seed=int(time.time())))  # noqa: T201  # the result, for a person
