"""A real hot standby: what it answers, what it must not, and that nobody waits for one that is away."""

import asyncio
import os
import random
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from subprocess import CalledProcessError
from typing import Any
from uuid import uuid4

import orjson
import pytest
import requests
from flask import Flask

import config
from tests.black_hole import BlackHole
from tests.factories import SECRET, Learner, content, token
from tests.replication import Pair
from tests.serving import gunicorn
from tests.soak import Client, compare
from tests.statements import recorded
from tests.timing import tries, wait_until
from vorex_sessions import create_app, metrics
from vorex_sessions.cohorts.snapshot import refresh
from vorex_sessions.database import standbys
from vorex_sessions.database.migrate import upgrade
from vorex_sessions.extensions import db

pytestmark = pytest.mark.alone

READS = int(os.environ.get("STANDBY_READS", "400"))  # of own writes under load
OUTCOMES = ("standby", "behind", "own_write", "stale", "away", "busy", "failed")


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    with new_pair() as pair:
        yield pair


@contextmanager
def new_pair() -> Iterator[Pair]:
    folder = Path(tempfile.mkdtemp(prefix="vorex-standby-"))
    folder.chmod(0o755)
    pair = Pair(folder)
    try:
        app = app_at(pair.primary.address)
        with app.app_context():
            upgrade()
        close(app)
        pair.replicate()
        yield pair
    finally:
        pair.stop()
        shutil.rmtree(folder)


def app_at(address: str, read: str = "") -> Flask:
    values = {"DATABASE_URL": address, "SUPABASE_JWT_SECRET": SECRET, "DATABASE_READ_URL": read}
    return create_app(config.read(values))


def close(app: Flask) -> None:
    with app.app_context():
        for engine in db.engines.values():
            engine.dispose()


@pytest.fixture
def both(pair: Pair) -> Iterator[Flask]:
    """An app with the primary and the standby, which has all there is."""
    app = app_at(pair.primary.address, pair.standby.address)
    yield app
    close(app)
    with suppress(CalledProcessError):
        pair.standby.start()
    resume(pair)


def pause(pair: Pair) -> None:
    pair.standby.execute("SELECT pg_wal_replay_pause()")
    wait_until(lambda: pair.standby.execute("SELECT pg_get_wal_replay_pause_state()") == "paused")


def resume(pair: Pair) -> None:
    pair.standby.execute("SELECT pg_wal_replay_resume()")
    caught_up(pair)


def caught_up(pair: Pair) -> None:
    written = pair.primary.execute("SELECT pg_current_wal_lsn()")
    replayed = f"SELECT pg_last_wal_replay_lsn() >= '{written}'"
    wait_until(lambda: bool(pair.standby.execute(replayed)))


def counts() -> dict[str, float]:
    return {name: metrics.STANDBY_READS.labels(name)._value.get() for name in OUTCOMES}


def outcomes(since: dict[str, float]) -> dict[str, int]:
    """How reads have been answered since, by outcome."""
    return {name: int(now - since[name]) for name, now in counts().items() if now > since[name]}


LONG = (
    "/api/sessions/stats?period=all",
    "/api/sessions/stats?period=year&language=en",
    "/api/sessions/rhythm?period=all",
    "/api/sessions/trends?period=year",
    "/api/sessions/comparison?period=year",
    "/api/sessions/overview?include=stats,streak,history&stats.period=year",
    "/api/sessions/export",
    "/api/sessions/export?format=csv",
)
SHORT = (
    "/api/sessions/stats",
    "/api/sessions/rhythm?period=month",
    "/api/sessions/overview?include=stats,streak",
    "/api/sessions/history",
)


def body(learner: Learner, path: str) -> bytes:
    response = learner.request("GET", path)
    assert response.status_code == 200, response.text
    return without_moments(response.data)


def without_moments(data: bytes) -> bytes:
    with suppress(orjson.JSONDecodeError):
        answer = orjson.loads(data)
        answer.pop("exported_at", None)
        return orjson.dumps(answer)
    return data


def test_long_periods_and_downloads_come_from_the_standby_and_say_the_same(
    pair: Pair, both: Flask
) -> None:
    learner, alone = Learner(both), app_at(pair.primary.address)
    learner.save(topics=["travel"], metadata={"user_level": "B1"})
    caught_up(pair)
    plain = Learner(alone, learner.id)
    for path in LONG:
        since = counts()
        assert body(learner, path) == body(plain, path)
        assert outcomes(since) == {"standby": 1}, path
        tags = [who.request("GET", path).headers["ETag"] for who in (learner, plain)]
        assert len(set(tags)) == 1 or "comparison" in path, path
    seen = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'vorex-sessions'"
    assert pair.standby.execute(seen) >= 2
    since = counts()
    for path in SHORT:
        assert body(learner, path) == body(plain, path)
    assert outcomes(since) == {}
    close(alone)


def test_a_learner_reads_their_own_writes_of_whatever_kind(pair: Pair, both: Flask) -> None:
    learner = Learner(both)
    first = learner.save()
    caught_up(pair)
    pause(pair)
    learner.save(duration_seconds=100)
    since = counts()
    assert learner.get("/stats", period="all")["total_sessions"] == 2
    answer = learner.get("/overview", **{"include": "stats", "stats.period": "year"})
    assert answer["stats"]["total_sessions"] == 2
    assert len(learner.get("/export")["sessions"]) == 2
    learner.request("DELETE", f"/api/sessions/{first['session_result_id']}")
    assert learner.get("/stats", period="all")["total_sessions"] == 1
    assert learner.get("/rhythm", period="year")["hours"]
    assert outcomes(since) == {"own_write": 5}
    resume(pair)
    since = counts()
    assert learner.get("/stats", period="all")["total_sessions"] == 1
    assert outcomes(since) == {"standby": 1}


def test_a_download_has_the_heartbeat_that_was_sent_before(pair: Pair, both: Flask) -> None:
    learner = Learner(both)
    learner.save()
    caught_up(pair)
    pause(pair)
    beat = {"session_type": "conversation", "seq": 1, "active_seconds": 5}
    started = datetime.now(UTC).isoformat()
    path = f"/api/sessions/live/{uuid4()}"
    sent = learner.request("PUT", path, json={**beat, "started_at": started})
    assert sent.status_code in (200, 201), sent.text
    since = counts()
    assert len(learner.get("/export")["live_sessions"]) == 1
    assert outcomes(since) == {"own_write": 1}


def test_who_has_written_nothing_is_answered_by_a_standby_up_to_five_seconds_behind(
    pair: Pair, both: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    learner, other = Learner(both), Learner(both)
    learner.save()
    other.save()
    caught_up(pair)
    pause(pair)
    other.save()
    since = counts()
    learner.get("/stats", period="all")
    assert outcomes(since) == {"standby": 1}
    time.sleep(standbys.MOST_BEHIND.total_seconds())
    other.save()
    since = counts()
    learner.get("/stats", period="all")
    with recorded(both) as sent:
        learner.get("/stats", period="all")
    assert outcomes(since) == {"behind": 2}
    assert len(sent) == 1  # for a second, the standby is not even asked
    standby = both.test_client().get("/readyz").get_json()["standby"]
    assert standby["state"] == "behind"
    assert standby["lag_seconds"] > 5
    resume(pair)
    time.sleep(standbys.PAUSE)
    since = counts()
    learner.get("/stats", period="all")
    assert outcomes(since) == {"standby": 1}
    standby = both.test_client().get("/readyz").get_json()["standby"]
    assert standby == {"state": "used", "lag_seconds": 0}


def test_an_idle_primary_is_no_lag(pair: Pair, both: Flask) -> None:
    learner = Learner(both)
    learner.save()
    caught_up(pair)
    time.sleep(standbys.MOST_BEHIND.total_seconds() + 0.5)
    since = counts()
    learner.get("/stats", period="all")
    assert outcomes(since) == {"standby": 1}


def test_a_standby_that_goes_away_costs_nobody_an_answer(pair: Pair, both: Flask) -> None:
    learner = Learner(both)
    learner.save()
    caught_up(pair)
    learner.get("/stats", period="all")
    learner.get("/export")
    for attempt in tries():
        pair.standby.stop("immediate")
        since = counts()
        for path in LONG:
            with attempt.under(0.3):
                body(learner, path)
        assert outcomes(since) == {"away": len(LONG)}
        ready = both.test_client().get("/readyz")
        assert ready.get_json()["standby"] == {"state": "away", "lag_seconds": None}
        pair.standby.start()
        time.sleep(standbys.PAUSE)
        caught_up(pair)
        since = counts()
        learner.get("/stats", period="all")
        learner.get("/export")
        assert outcomes(since) == {"standby": 2}


def test_a_standby_that_says_nothing_delays_one_answer_a_second(pair: Pair) -> None:
    with BlackHole(pair.standby.address) as silent:
        app = app_at(pair.primary.address, silent.address)
        learner = Learner(app)
        learner.save()
        caught_up(pair)
        learner.get("/stats", period="all")
        for attempt in tries():
            silent.swallowing = True
            with attempt.under(0.7):
                learner.get("/stats", period="all")
            with attempt.under(0.3):
                learner.get("/stats", period="all")
                learner.get("/export")
            silent.swallowing = False
            time.sleep(1.5)
            since = counts()
            learner.get("/stats", period="all")
            assert outcomes(since) == {"standby": 1}
        close(app)


class Cutting(BlackHole):
    """Cuts a connection to the standby when somebody asks for a word."""

    word = b""
    cuts = 0

    async def forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await self._connect()
        answers = asyncio.ensure_future(self._pump(far_reader, writer))
        with suppress(asyncio.CancelledError):  # the test is over
            while (data := await reader.read(65536)) and not (self.word and self.word in data):
                far_writer.write(data)
                await far_writer.drain()
        self.cuts += bool(data)
        answers.cancel()
        far_writer.transport.abort()


def test_a_standby_that_goes_away_after_it_was_found_current_costs_no_answer_either(
    pair: Pair,
) -> None:
    with Cutting(pair.standby.address) as standby:
        app = app_at(pair.primary.address, standby.address)
        learner = Learner(app)
        learner.save(completed_at="2026-01-01T10:00:00Z", metadata={"user_level": "B1"})
        learner.request("PUT", "/api/sessions/comparison", json={"opt_in": True})
        caught_up(pair)
        for path, standby.word in (
            ("/api/sessions/stats?period=all", b"learner_rollups"),
            ("/api/sessions/export?format=csv", b"DECLARE"),
            ("/api/sessions/export", b"derived_version"),
        ):
            cuts = standby.cuts
            response = learner.request("GET", path)
            assert response.status_code == 200, path
            assert standby.cuts > cuts
            assert b"conversation" in response.data
            time.sleep(standbys.PAUSE)
        standby.word = b"cohort_participants"
        with app.app_context():
            cuts = standby.cuts
            assert refresh(datetime(2026, 1, 31, tzinfo=UTC).date()).learners == 1
            assert standby.cuts > cuts
        learner.request("PUT", "/api/sessions/comparison", json={"opt_in": False})
        close(app)


def test_what_is_stale_is_rebuilt_by_the_primary(pair: Pair, both: Flask) -> None:
    learner = Learner(both)
    gone = learner.save(vocabulary_learned=["haus"])
    learner.save(vocabulary_learned=["baum"])
    learner.request("DELETE", f"/api/sessions/{gone['session_result_id']}")
    caught_up(pair)
    since = counts()
    path = "/api/sessions/overview?include=stats,streak,achievements&stats.period=all"
    assert orjson.loads(body(learner, path))["stats"]["total_sessions"] == 1
    assert outcomes(since) == {"stale": 1}
    caught_up(pair)
    since = counts()
    assert orjson.loads(body(learner, path))["stats"]["total_sessions"] == 1
    assert outcomes(since) == {"standby": 1}


def test_a_rollup_is_stored_though_a_standby_has_answered(pair: Pair, both: Flask) -> None:
    learner = Learner(both)
    for start in range(0, 600, 100):
        items = [
            content(completed_at=f"2026-0{1 + start // 100}-{1 + n % 28:02}T10:00:00Z")
            for n in range(100)
        ]
        sent = learner.request("POST", "/api/sessions/batch", json={"sessions": items})
        assert sent.get_json()["created"] == 100
    caught_up(pair)
    since = counts()
    whole = learner.get("/stats", period="all")
    assert outcomes(since) == {"standby": 1}
    rolled_up = f"SELECT count(*) FROM learner_rollups WHERE user_id = '{learner.id}'"
    assert pair.primary.execute(rolled_up) == 1
    caught_up(pair)
    assert learner.get("/stats", period="all") == whole


def test_the_daily_snapshot_reads_a_standby_that_knows_who_had_joined(
    pair: Pair, both: Flask
) -> None:
    learner = Learner(both)
    learner.save(completed_at="2026-01-01T10:00:00Z", metadata={"user_level": "B1"})
    caught_up(pair)
    pause(pair)
    joined = learner.request("PUT", "/api/sessions/comparison", json={"opt_in": True})
    assert joined.status_code == 200
    with both.app_context():
        since = counts()
        assert refresh(datetime(2026, 2, 1, tzinfo=UTC).date()).learners == 1
        assert set(outcomes(since)) == {"own_write"}
        resume(pair)
        since = counts()
        assert refresh(datetime(2026, 2, 2, tzinfo=UTC).date()).learners == 1
        assert outcomes(since)["standby"] >= 1


def test_a_standby_that_has_become_a_primary_is_not_asked() -> None:
    with new_pair() as pair:
        app = app_at(pair.primary.address, pair.standby.address)
        learner = Learner(app)
        learner.save()
        caught_up(pair)
        learner.get("/stats", period="all")
        pair.promote()
        since = counts()
        assert learner.get("/stats", period="all")["total_sessions"] == 1
        assert len(learner.get("/export")["sessions"]) == 1
        assert outcomes(since) == {"away": 2}
        close(app)


class Reader(threading.Thread):
    """A learner who reads their own writes at once, on whatever worker answers."""

    def __init__(self, address: str, reads: int, seed: int) -> None:
        super().__init__(daemon=True)
        self.address, self.reads, self.random = (
            f"{address}/api/sessions",
            reads,
            random.Random(seed),
        )
        self.headers = {"Authorization": f"Bearer {token(str(uuid4()))}"}
        self.sessions: list[str] = []
        self.stale = self.answered = self.refused = 0
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            while self.answered < self.reads:
                self._write()
                for _ in range(3):
                    self._read()
        except BaseException as error:  # the main thread raises it
            self.error = error

    def _write(self) -> None:
        if len(self.sessions) > 5 and self.random.random() < 0.3:
            self._ask("DELETE", self.sessions.pop())
        else:
            self.sessions.append(str(uuid4()))
            self._ask("POST", "save", json=content(session_result_id=self.sessions[-1]))

    def _ask(self, method: str, path: str, **options: Any) -> requests.Response:
        """Repeat what the primary is too busy for: the machine has other work, too."""
        while True:
            answer = requests.request(
                method, f"{self.address}/{path}", headers=self.headers, timeout=10, **options
            )
            if answer.status_code != 503:
                assert answer.ok, answer.text
                return answer
            self.refused += 1
            time.sleep(0.1)

    def _read(self) -> None:
        path, total = self.random.choice(
            [
                ("stats?period=all", lambda answer: answer["total_sessions"]),
                ("stats?period=year", lambda answer: answer["total_sessions"]),
                (
                    "overview?include=stats&stats.period=all",
                    lambda answer: answer["stats"]["total_sessions"],
                ),
                ("export?format=json", lambda answer: len(answer["sessions"])),
            ]
        )
        try:
            answer = self._ask("GET", path)
        except requests.exceptions.ChunkedEncodingError:
            assert "export" in path  # broken off, as it was half way
            return
        self.answered += 1
        self.stale += total(answer.json()) != len(self.sessions)


def test_no_own_write_is_missed_under_load_while_the_standby_lags_and_goes_away(
    pair: Pair,
) -> None:
    settings = {"RATELIMIT_ENABLED": "false", "DATABASE_READ_URL": pair.standby.address}
    pair.primary.set("synchronous_standby_names", "")  # no save waits for a standby that is away
    with gunicorn(pair.primary.address, **settings) as (address, _):
        readers = [Reader(address, READS // 4, seed) for seed in range(4)]
        for reader in readers:
            reader.start()
        while any(reader.is_alive() for reader in readers):
            time.sleep(1)
            pause(pair)
            time.sleep(0.5)
            pair.standby.execute("SELECT pg_wal_replay_resume()")
            time.sleep(1)
            if random.random() < 0.2:
                pair.standby.stop("immediate")
                time.sleep(0.5)
                pair.standby.start()
        for reader in readers:
            assert reader.error is None, reader.error
        assert sum(reader.answered for reader in readers) >= READS
        assert sum(reader.stale for reader in readers) == 0
        assert sum(reader.refused for reader in readers) < READS / 100
        shown = requests.get(f"{address}/metrics", timeout=5).text
    counted = {name: metric(shown, name) for name in OUTCOMES}
    assert counted["standby"] > READS / 10, counted
    assert counted["own_write"] > 0, counted
    assert counted["failed"] == 0, counted
    assert "vorex_standby_replayed_timestamp_seconds 1" in shown


def metric(page: str, outcome: str) -> float:
    start = f'vorex_standby_reads_total{{outcome="{outcome}"}} '
    return next((float(line.split()[1]) for line in page.splitlines() if line.startswith(start)), 0)


def test_the_standby_is_promoted_under_load_and_no_save_is_lost() -> None:
    with new_pair() as pair:
        ports = f"127.0.0.1:{pair.primary.port},127.0.0.1:{pair.standby.port}"
        both = f"postgresql://postgres@{ports}/postgres"
        with gunicorn(both, RATELIMIT_ENABLED="false", DATABASE_READ_URL=both) as (address, _):
            stopping, seen = threading.Event(), set()
            clients: list[Any] = [Client(address, stopping, seed) for seed in (1, 2, 3)]
            reads = threading.Thread(target=read_on, args=(address, clients, stopping, seen))
            for thread in [*clients, reads]:
                thread.start()
            time.sleep(2)
            pair.lose("crashes")
            time.sleep(0.5)
            pair.promote()
            back = time.monotonic()
            time.sleep(2)
            kept = [len(client.ledger.kept) for client in clients]
            time.sleep(1.5)
            assert all(len(c.ledger.kept) > n for c, n in zip(clients, kept, strict=True)), back
            stopping.set()
            for thread in [*clients, reads]:
                thread.join(20)
                assert not thread.is_alive()
            for client in clients:
                assert client.error is None, client.error
            assert compare(address, clients)["sessions"] > 0
            assert seen <= {200, 503}
            assert 200 in seen


def read_on(address: str, clients: list[Any], stopping: threading.Event, seen: set[int]) -> None:
    """Read what may lag, without a pause; note how it is answered."""
    while not stopping.is_set():
        for client in clients:
            headers = {"Authorization": f"Bearer {token(client.ledger.learner)}"}
            path = random.choice(("stats?period=all", "stats?period=year", "rhythm?period=all"))
            answer = requests.get(f"{address}/api/sessions/{path}", headers=headers, timeout=10)
            seen.add(answer.status_code)
            if answer.status_code == 503:
                assert answer.headers["Retry-After"]
