"""Four devices of one learner under faults; in the end each has exactly what the service has.

`python -m tests.devices SECONDS [SEED]` runs for that long; tests/test_several_devices.py runs it briefly.
"""

import random
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psutil
from flask import Flask

import config
from tests.factories import SECRET, content, token
from tests.proxy import Proxy
from tests.serving import ROOT, gunicorn
from tests.soak import cuts
from vorex_sessions import create_app
from vorex_sessions.database.migrate import upgrade
from vorex_sessions.extensions import db
from vorex_sessions.local import embedded_postgres

sys.path.insert(0, str(ROOT / "clients" / "python"))
from vorex_sessions_client import (
    ConflictError,
    Event,
    LocalCopy,
    MemoryStorage,
    NoAnswerError,
    PracticeQueue,
    ProblemError,
    Removed,
    SessionsClient,
    Stored,
    UnknownSessionError,
)
from vorex_sessions_client.pauses import PauseOptions

DEVICES = 4
RETENTION_DAYS = 365
NO_PAUSES = PauseOptions(first=0.005, longest=0.02, refused=0.02, longest_refused=0.02)


class Killed(BaseException):
    """The program ends between two steps."""


class KilledStorage(MemoryStorage):
    """A storage during whose work the program may be killed, or which may be full."""

    def __init__(self, dice: random.Random) -> None:
        super().__init__()
        self.dice, self.is_calm = dice, False

    def _step(self, *, is_write: bool = False) -> None:
        if self.is_calm:
            return
        draw = self.dice.random()
        if draw < 0.004:
            raise Killed
        if is_write and draw < 0.03:
            raise OSError("the disk is full")

    def get(self, key: str) -> str | None:
        self._step()
        return super().get(key)

    def set(self, key: str, text: str) -> None:
        self._step(is_write=True)
        super().set(key, text)
        self._step()

    def remove(self, key: str) -> None:
        self._step()
        super().remove(key)
        self._step()


@dataclass
class Ledger:
    """What the service has acknowledged, to all devices."""

    learner: str = field(default_factory=lambda: str(uuid4()))
    # By id, when they were completed.
    saved: dict[str, datetime] = field(default_factory=dict)
    # What some device has tried to delete.
    deleted: set[str] = field(default_factory=set)
    # Edits, each with the session.
    edits: dict[str, str] = field(default_factory=dict)
    # Everything completed before was erased.
    erased_at: datetime = datetime(2000, 1, 1, tzinfo=UTC)
    counts: Counter[str] = field(default_factory=Counter)


class Device(threading.Thread):
    """Saves, edits and deletes, goes offline and comes back; two programs share its storage."""

    def __init__(self, address: str, ledger: Ledger, seed: int, stopping: threading.Event) -> None:
        super().__init__(daemon=True)
        self.address, self.ledger, self.stopping = address, ledger, stopping
        self.dice = random.Random(seed)
        self.storage = KilledStorage(self.dice)
        self.is_offline = False
        self.error: BaseException | None = None
        self.names = (f"{seed}-{number}" for number in range(10**9))
        self.clients: list[SessionsClient] = []
        self.programs = [self.program(), self.program()]

    def program(self) -> tuple[PracticeQueue, LocalCopy]:
        client = SessionsClient(
            self.address, token(self.ledger.learner), timeout=5, transport=Network(self)
        )
        self.clients.append(client)
        learner, storage = self.ledger.learner, self.storage
        queue = PracticeQueue(
            client, learner=learner, storage=storage, on_event=self.told, pauses=NO_PAUSES
        )
        size = self.dice.choice((1, 2, 7, 30, 100))
        return queue, LocalCopy(
            client, learner=learner, storage=storage, pauses=NO_PAUSES, page_size=size
        )

    def close(self) -> None:
        for client in self.clients:
            client.close()

    def told(self, event: Event) -> None:
        if isinstance(event, Stored):
            completed_at = datetime.fromisoformat(event.item["session"]["completed_at"])
            self.ledger.saved[event.id] = completed_at
        self.ledger.counts[type(event).__name__] += isinstance(event, Stored | Removed)

    def run(self) -> None:
        try:
            while not self.stopping.is_set():
                self.step()
        except BaseException as error:  # the main thread raises it; otherwise it is lost
            self.error = error

    def step(self) -> None:
        number = self.dice.randrange(2)
        queue, copy = self.programs[number]
        actions: list[Callable[[], Any]] = [
            *[lambda: self.save(queue)] * 3,
            *[lambda: queue.flush(force=True)] * 3,
            *[lambda: copy.sync(force=True)] * 6,
            *[lambda: self.edit(copy)] * 8,
            lambda: self.delete(copy),
            self.switch,
        ]
        if self.is_offline and self.dice.random() < 0.1:
            self.is_offline = False
        try:
            self.dice.choice(actions)()
        except Killed:
            self.ledger.counts["killed"] += 1
            self.programs[number] = self.program()
        except NoAnswerError:
            self.ledger.counts["no answer"] += 1
        except ProblemError as error:
            if error.status != 503:
                raise

    def switch(self) -> None:
        self.is_offline = self.dice.random() < 0.4

    def save(self, queue: PracticeQueue) -> None:
        now = datetime.now(UTC)
        for _ in range(self.dice.choice((1, 1, 2, 15))):
            is_old = self.dice.random() < 0.15
            completed_at = now - timedelta(days=RETENTION_DAYS + 30) if is_old else now
            queue.add(content(completed_at=completed_at.isoformat()))  # type: ignore[arg-type]  # a dict

    def edit(self, copy: LocalCopy) -> None:
        """Add a name to a session's; after a conflict, to those that it has now."""
        sessions = copy.all()
        if not sessions:
            return
        session, name = self.dice.choice(sessions[:12]), next(self.names)
        id = session["session_result_id"]
        for _ in range(3):
            edits = [*session["metadata"].get("edits", ())[-150:], name]
            try:
                copy.correct(id, {"metadata": {"edits": edits}})
            except UnknownSessionError:
                return
            except ConflictError as conflict:
                self.ledger.counts["conflicts"] += 1
                if conflict.newest is None or name in conflict.newest["metadata"].get("edits", ()):
                    return
                session = conflict.newest
            else:
                self.ledger.edits[name] = id
                return

    def delete(self, copy: LocalCopy) -> None:
        if sessions := copy.all():
            id = self.dice.choice(sessions)["session_result_id"]
            self.ledger.deleted.add(id)
            try:
                copy.remove(id)
            except ConflictError:
                self.ledger.counts["conflicts"] += 1
            except UnknownSessionError:
                return


class Network(httpx.BaseTransport):
    """Nothing passes while the device is offline."""

    def __init__(self, device: Device) -> None:
        self.device, self.real = device, httpx.HTTPTransport(verify=False)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if self.device.is_offline:
            raise httpx.ConnectError("offline", request=request)
        return self.real.handle_request(request)

    def close(self) -> None:
        self.real.close()


def simulate(seconds: float, seed: int) -> Counter[str]:
    """Run the devices, then compare; raise AssertionError where one differs or something was lost."""
    folder = Path(tempfile.mkdtemp(prefix="vorex-devices-"))
    data = folder / "postgres"
    url = embedded_postgres.start(data)
    settings = {"SESSION_RETENTION_DAYS": str(RETENTION_DAYS), "DATABASE_URL": url}
    app = create_app(config.read({**settings, "SUPABASE_JWT_SECRET": SECRET}))
    try:
        with app.app_context():
            upgrade()
        with gunicorn(url, RATELIMIT_ENABLED="false") as (address, master):
            return _simulate(seconds, seed, app, address, master.pid)
    finally:
        with app.app_context():
            db.engine.dispose()
        embedded_postgres.stop(data)
        shutil.rmtree(folder, ignore_errors=True)


def _simulate(seconds: float, seed: int, app: Flask, address: str, master: int) -> Counter[str]:
    ledger, stopping = Ledger(), threading.Event()
    with Proxy(int(address.rpartition(":")[2]), cuts(seed)) as proxy:
        behind = f"http://127.0.0.1:{proxy.port}"
        devices = [Device(behind, ledger, seed * 10 + n, stopping) for n in range(DEVICES)]
        for device in devices:
            device.start()
        _disturb(seconds, random.Random(seed), app, ledger, master)
        stopping.set()
        for device in devices:
            device.join(60)
            assert not device.is_alive(), "a device hangs"
            device.close()
            if device.error:
                raise device.error
    try:
        _compare(address, ledger, devices)
    finally:
        for device in devices:
            device.close()
    return ledger.counts


def _disturb(seconds: float, dice: random.Random, app: Flask, ledger: Ledger, master: int) -> None:
    """Kill workers and purge; erase early, since what was saved before is not looked for any more."""
    operator, begun = app.test_cli_runner(), time.monotonic()
    while (passed := time.monotonic() - begun) < seconds or len(ledger.edits) < 10:
        assert passed < seconds + 60, "the devices get nowhere"
        time.sleep(1.5)
        workers = psutil.Process(master).children()
        if workers and dice.random() < 0.6:
            dice.choice(workers).send_signal(signal.SIGKILL)
        if dice.random() < 0.5:
            result = operator.invoke(args=["privacy", "purge"])
            ledger.counts["purges"] += result.exit_code == 0
        if passed < seconds / 3 and dice.random() < 0.5:
            result = operator.invoke(args=["privacy", "erase", ledger.learner, "--keep-open"])
            assert result.exit_code == 0, result.output
            ledger.erased_at = datetime.now(UTC)
            ledger.counts["erasures"] += 1


def _compare(address: str, ledger: Ledger, devices: list[Device]) -> None:
    with SessionsClient(address, token(ledger.learner)) as client:
        for device in devices:
            device.address, device.is_offline, device.storage.is_calm = address, False, True
            device.programs[0] = device.program()
            for _ in range(20):
                if device.programs[0][0].flush(force=True).waiting == 0:
                    break
        exported = client.request("GET", "/api/sessions/export")["sessions"]
    stored = {one["session_result_id"]: one for one in exported}
    for device in devices:
        _, copy = device.programs[0]
        report = copy.sync(force=True)
        assert (report.complete, report.durable) == (True, True), report
        for again in (copy, device.program()[1]):
            assert {one["session_result_id"]: one for one in again.all()} == stored
    kept_since = datetime.now(UTC) - timedelta(days=RETENTION_DAYS)
    for id, completed_at in ledger.saved.items():
        if id not in ledger.deleted and completed_at > max(ledger.erased_at, kept_since):
            assert id in stored, "a session is lost"
    for name, id in ledger.edits.items():
        if id in stored:
            edits = stored[id]["metadata"]["edits"]
            assert edits.count(name) == 1 or len(edits) > 150, "an edit was overwritten"
    ledger.counts.update(sessions=len(stored), edits=len(ledger.edits))


if __name__ == "__main__":
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else int(time.time())
    print(f"seed {seed}: {dict(simulate(float(sys.argv[1]), seed))}")  # noqa: T201  # the result
