"""Live sessions under faults: killed workers, restarts of PostgreSQL and Redis, connections cut at random.

`python -m tests.live_faults SECONDS` runs for that long; tests/external/test_live_faults.py runs it briefly.
Afterwards each live session must be saved, resumable, cancelled or abandoned, with the active seconds that a
plain simulation gives (live/fault_clients.py), whatever happened to its messages.
"""

import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import psycopg2
import requests

import config
from tests.factories import SECRET, token
from tests.live.fault_clients import App, Practice, SocketApp
from tests.proxy import NO_CUT, Cut, Proxy
from tests.redis_server import redis_server
from tests.serving import BIN, ROOT, environment, free_port, gunicorn
from vorex_sessions import create_app
from vorex_sessions.database.migrate import upgrade
from vorex_sessions.extensions import db
from vorex_sessions.local import embedded_postgres

APPS = (App, SocketApp, SocketApp, App, SocketApp, SocketApp)
# What becomes of a session that was left: its last heartbeat is so many minutes older than it was.
FATES = {"resumable": 0, "abandoned": 31, "gone": 25 * 60}


@dataclass
class World:
    """What can fail."""

    data: Path
    folder: Path
    redis_port: int
    url: str
    faults: Counter[str] = field(default_factory=Counter)

    def restart_database(self, pause: float = 0.3) -> None:
        embedded_postgres.stop(self.data)
        time.sleep(pause)
        embedded_postgres.start(self.data)
        self.faults["database_restarts"] += 1

    def settings(self) -> dict[str, str]:
        address = f"redis://127.0.0.1:{self.redis_port}/0"
        return {"RATELIMIT_ENABLED": "false", "RATELIMIT_STORAGE_URI": address}


@contextmanager
def world() -> Iterator[World]:
    folder = Path(tempfile.mkdtemp(prefix="vorex-live-"))
    data = folder / "postgres"
    url = embedded_postgres.start(data)
    try:
        app = create_app(config.read({"DATABASE_URL": url, "SUPABASE_JWT_SECRET": SECRET}))
        with app.app_context():
            upgrade()
            db.engine.dispose()
        yield World(data, folder, free_port(), url)
    finally:
        embedded_postgres.stop(data)
        shutil.rmtree(folder, ignore_errors=True)


def run(seconds: float, seed: int = 1) -> dict[str, Any]:
    """Let apps practise under faults, then compare; raises AssertionError for what is not as it should be."""
    with world() as here, ExitStack() as redis:
        redis.enter_context(redis_server(here.redis_port, here.folder))
        with gunicorn(here.url, **here.settings()) as (address, master):
            port = int(address.rpartition(":")[2])
            with Proxy(port, cuts(seed, here.faults)) as proxy:
                apps = _practise(seconds, here, redis, proxy.port, master.pid, seed)
                compare_watchers(address, apps)
            compare(address, apps)
            fates = pass_time(here, address, apps, random.Random(seed))
    counts = sum((Counter(app.counts) for app in apps), Counter[str]())
    ends = Counter(one.end for app in apps for mine in app.learners.values() for one in mine)
    return {"ends": dict(ends), "fates": dict(fates), **counts, **here.faults}


def cuts(seed: int, counted: Counter[str]) -> Callable[[], Cut]:
    """A plan: of the connections some are cut before a request, within it, within its answer, or later."""
    dice = random.Random(seed)

    def plan() -> Cut:
        draw = dice.random()
        counted["connections"] += 1
        counted["cut"] += draw < 0.5
        if draw < 0.05:
            return Cut(requests=0)
        if draw < 0.2:
            return Cut(requests=dice.randrange(1, 4000))
        if draw < 0.5:
            return Cut(answers=dice.randrange(0, 6000))
        return NO_CUT

    return plan


def _practise(
    seconds: float, here: World, redis: ExitStack, port: int, master: int, seed: int
) -> list[App]:
    stopping = threading.Event()
    apps = [
        kind(f"http://127.0.0.1:{port}", stopping, seed + number)
        for number, kind in enumerate(APPS)
    ]
    for app in apps:
        app.start()
    dice, deadline = random.Random(seed), time.monotonic() + seconds
    while time.monotonic() < deadline and not any(app.error for app in apps):
        time.sleep(dice.uniform(1, 3))
        _break_something(dice, here, redis, master)
    stopping.set()
    for app in apps:
        app.join(90)
        assert not app.is_alive(), "an app was never answered"
        if app.error:
            raise app.error
    return apps


def _break_something(dice: random.Random, here: World, redis: ExitStack, master: int) -> None:
    draw = dice.random()
    if draw < 0.5:
        if workers := psutil.Process(master).children():
            dice.choice(workers).send_signal(signal.SIGKILL)
            here.faults["workers_killed"] += 1
    elif draw < 0.75:
        redis.close()
        time.sleep(dice.uniform(0, 2))
        redis.enter_context(redis_server(here.redis_port, here.folder))
        here.faults["redis_restarts"] += 1
    else:
        here.restart_database(dice.uniform(0, 1))


def _get(address: str, learner_id: str, path: str) -> Any:
    headers = {"Authorization": f"Bearer {token(learner_id)}"}
    answer = requests.get(f"{address}/api/sessions{path}", headers=headers, timeout=10)
    assert answer.ok, answer.text
    return answer.json()


def _live(address: str, learner_id: str) -> dict[str, Any]:
    shown = _get(address, learner_id, "/live")["sessions"]
    return {one["session_result_id"]: one for one in shown}


def _saved(address: str, learner_id: str) -> dict[str, Any]:
    saved = _get(address, learner_id, "/history?limit=100")["sessions"]
    return {one["session_result_id"]: one for one in saved}


def compare_watchers(address: str, apps: list[App]) -> None:
    """Who only looks on has seen the end, without a message of its own."""
    ends = time.monotonic() + 30
    for app in apps:
        assert app.watcher
        while True:
            live = {name: one["seq"] for name, one in _live(address, app.learner_id).items()}
            if app.watcher.shown == live:
                break
            assert time.monotonic() < ends, (app.watcher.shown, live)
            time.sleep(0.2)
        app.watcher.stop()
        app.hang_up()


def compare(address: str, apps: list[App]) -> None:
    """Compare what is live and what is saved with the simulation."""
    for app in apps:
        for learner_id, practices in app.learners.items():
            live, saved = _live(address, learner_id), _saved(address, learner_id)
            for one in practices:
                name = one.session_id
                if one.end == "finished":
                    assert saved.pop(name)["duration_seconds"] == one.totals[-1]
                elif one.end == "left" and (one.acknowledged or name in live):
                    one.hears(shown := live.pop(name))
                    assert shown["state"] in ("active", "idle")
            assert not live, "live, and should not be"
            assert not saved, "saved, and should not be"


def pass_time(here: World, address: str, apps: list[App], dice: random.Random) -> Counter[str]:
    """Let what was left go its ways; returns how many went which."""
    left = [
        (learner_id, one, dice.choice([*FATES]))
        for app in apps
        for learner_id, practices in app.learners.items()
        for one in practices
        if one.end == "left" and one.acknowledged
    ]
    with psycopg2.connect(here.url) as connection, connection.cursor() as cursor:
        for _, one, fate in left:
            cursor.execute(
                "UPDATE live_sessions SET heartbeat_at = heartbeat_at - %s * interval '1 minute' "
                "WHERE session_result_id = %s",
                (FATES[fate], one.session_id),
            )
    connection.close()
    _sweep(here, save_abandoned=False)  # removes what is gone
    for learner_id, one, fate in left:
        shown = _live(address, learner_id).get(one.session_id)
        assert (shown and shown["state"]) in {
            "resumable": ("active", "idle"),
            "abandoned": ("abandoned",),
            "gone": (None,),
        }[fate]
    _sweep(here, save_abandoned=True)
    for learner_id, one, fate in left:
        _check_fate(address, learner_id, one, fate)
    return Counter(fate for _, _, fate in left)


def _sweep(here: World, *, save_abandoned: bool) -> None:
    """Sweep twice at once, and restart the database meanwhile; repeat what has failed."""
    settings = {**here.settings(), "LIVE_SAVE_ABANDONED": str(save_abandoned)}
    command = [BIN / "flask", "live", "sweep"]
    failed = 2
    for attempt in range(10):
        sweeps = [
            subprocess.Popen(
                command,
                cwd=ROOT,
                env=environment(here.url, **settings),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            for _ in range(failed)
        ]
        if attempt == 0:
            time.sleep(1.5)
            here.restart_database()
        failed = sum(one.wait(60) != 0 for one in sweeps)
        if not failed:
            return
    raise AssertionError("the sweep does not succeed")


def _check_fate(address: str, learner_id: str, one: Practice, fate: str) -> None:
    saved = _saved(address, learner_id).get(one.session_id)
    seq = one.practise(10)
    headers = {"Authorization": f"Bearer {token(learner_id)}"}
    url = f"{address}/api/sessions/live/{one.session_id}"
    answer = requests.put(url, json=one.heartbeat(seq), headers=headers, timeout=10)
    if fate == "abandoned":
        assert saved
        assert saved["metadata"] == {"ended": "abandoned"}
        assert saved["duration_seconds"] == one.totals[one.acknowledged]
        assert answer.status_code == 409
    else:
        assert saved is None
        assert answer.status_code == (200 if fate == "resumable" else 201)
        one.hears(answer.json())
        assert answer.json()["state"] == "active"


if __name__ == "__main__":
    print(run(float(sys.argv[1]), seed=int(time.time())))  # noqa: T201  # the result
