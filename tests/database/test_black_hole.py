"""A database that hangs instead of refusing: requests get 503 in time, and the service recovers."""

import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
import requests
import sqlalchemy as sa
from flask import Flask

from tests.black_hole import BlackHole
from tests.factories import Learner, content, token
from tests.serving import gunicorn
from vorex_sessions import create_app
from vorex_sessions.database import locks
from vorex_sessions.extensions import db

pytestmark = pytest.mark.alone

PATHS = ["stats", "history", "warmup", "daily-breakdown", "export"]


def headers(learner: Learner | None = None) -> dict[str, str]:
    return {"Authorization": f"Bearer {token(learner and learner.id)}"}


def get(address: str, path: str) -> requests.Response:
    return requests.get(f"{address}/api/sessions/{path}", headers=headers(), timeout=20)


def save(address: str) -> requests.Response:
    return requests.post(
        f"{address}/api/sessions/save", json=content(), headers=headers(), timeout=20
    )


def erase(address: str) -> requests.Response:
    url = f"{address}/api/sessions?confirm=true"
    return requests.delete(url, headers=headers(), timeout=20)


@contextmanager
def service(database_url: str) -> Iterator[tuple[str, BlackHole]]:
    with BlackHole(database_url) as black_hole:
        settings = {"WEB_CONCURRENCY": "1", "DB_POOL_SIZE": "5"}
        with gunicorn(black_hole.address, **settings) as (address, _):
            with ThreadPoolExecutor(5) as pool:  # use every connection of the pool once
                assert {
                    answer.status_code for answer in pool.map(lambda _: save(address), range(20))
                } == {201}
            yield address, black_hole


def test_every_endpoint_answers_503_within_two_seconds_and_all_is_well_two_seconds_after(
    app: Flask, database_url: str
) -> None:
    with service(database_url) as (address, black_hole):
        for _ in range(2):
            black_hole.swallowing = True
            requests_ = [lambda path=path: get(address, path) for path in PATHS]
            requests_ += [lambda: erase(address)]
            requests_ += [
                lambda: save(address),
                lambda: requests.get(f"{address}/readyz", timeout=20),
            ]
            with ThreadPoolExecutor(len(requests_)) as pool:
                for answer in pool.map(lambda request: request(), requests_):
                    assert answer.status_code == 503, answer.url
                    assert answer.headers["Content-Type"] == "application/problem+json"
                    assert int(answer.headers["Retry-After"]) >= 1
                    assert answer.elapsed.total_seconds() < 2, answer.url
            assert connections_in_use(address) == 0
            black_hole.swallowing = False
            back = time.monotonic()
            while get(address, "stats").status_code != 200:
                assert time.monotonic() - back < 2
            with ThreadPoolExecutor(10) as pool:  # the pool lost no connection
                answers = list(pool.map(lambda _: save(address), range(50)))
            assert {answer.status_code for answer in answers} == {201}
            assert connections_in_use(address) == 0


def connections_in_use(address: str) -> float:
    text = requests.get(f"{address}/metrics", timeout=5).text
    (figure,) = re.findall(r"^vorex_db_connections_in_use (\S+)$", text, re.MULTILINE)
    return float(figure)


def test_health_goes_on_and_the_crowd_hears_in_time_while_nothing_answers(
    app: Flask, database_url: str
) -> None:
    with service(database_url) as (address, black_hole):
        black_hole.swallowing = True
        with ThreadPoolExecutor(40) as pool:
            crowd = [pool.submit(get, address, "stats") for _ in range(40)]
            time.sleep(0.3)
            health = requests.get(f"{address}/healthz", timeout=5)
            assert (health.status_code, health.elapsed.total_seconds() < 0.5) == (200, True)
            for waiting in crowd:
                answer = waiting.result()
                assert answer.status_code == 503
                assert answer.elapsed.total_seconds() < 2.2


def test_without_gunicorn_the_wait_ends_as_well(
    app: Flask, settings: dict, database_url: str
) -> None:
    """The app keeps the deadline itself, whatever server runs it."""
    with BlackHole(database_url) as black_hole:
        address = black_hole.address.replace("postgresql://", "postgresql+psycopg2://")
        learner = Learner(create_app({**settings, "DATABASE_URL": address}))
        learner.save()
        black_hole.swallowing = True
        for _ in range(2):
            began = time.monotonic()
            assert learner.request("GET", "/api/sessions/stats").status_code == 503
            assert time.monotonic() - began < 2
        black_hole.swallowing = False
        assert learner.count() == 1


def test_commands_give_up_connecting_to_a_host_that_says_nothing(
    app: Flask, settings: dict, database_url: str
) -> None:
    with BlackHole(database_url) as black_hole:
        address = black_hole.address.replace("postgresql://", "postgresql+psycopg2://")
        silent = create_app({**settings, "DATABASE_URL": address})
        black_hole.swallowing = True
        began = time.monotonic()
        result = silent.test_cli_runner().invoke(args=["db", "upgrade"])
        assert (
            result.output
            == "Error: The database cannot be reached: the database did not answer in time. "
            "Check DATABASE_URL.\n"
        )
        assert 4 < time.monotonic() - began < 8


def test_an_exhausted_pool_is_503_and_not_a_hang(app: Flask, database_url: str) -> None:
    stuck, other = Learner(app), Learner(app)
    with (
        gunicorn(database_url, WEB_CONCURRENCY="1", DB_POOL_SIZE="1") as (address, _),
        app.app_context(),
        db.engine.connect() as holder,
        ThreadPoolExecutor(8) as pool,
    ):
        holder.exec_driver_sql("BEGIN")
        lock = sa.text("SELECT pg_advisory_xact_lock(:key)")
        holder.execute(lock, {"key": locks.key(stuck.id)})

        def try_save(learner: Learner) -> requests.Response:
            return requests.post(
                f"{address}/api/sessions/save", json=content(), headers=headers(learner), timeout=20
            )

        waiting = [pool.submit(try_save, stuck) for _ in range(3)]
        time.sleep(0.2)
        refused = try_save(other)
        assert refused.elapsed.total_seconds() < 2
        assert (refused.status_code, refused.headers.get("Retry-After")) in [
            (503, "1"),
            (201, None),
        ]
        assert {request.result().status_code for request in waiting} == {503}
        assert max(request.result().elapsed.total_seconds() for request in waiting) < 2
        holder.exec_driver_sql("ROLLBACK")
        assert try_save(stuck).status_code == try_save(other).status_code == 201


@pytest.mark.parametrize("kind", ["stats", "save"])
def test_a_table_that_is_locked_for_long_is_503_in_time(
    app: Flask, learner: Learner, kind: str
) -> None:
    with app.app_context(), db.engine.connect() as holder:
        holder.exec_driver_sql("BEGIN; LOCK TABLE session_results IN ACCESS EXCLUSIVE MODE")
        began = time.monotonic()
        if kind == "stats":
            answer = learner.request("GET", "/api/sessions/stats")
        else:
            answer = learner.try_save(content())
        assert answer.status_code == 503
        assert time.monotonic() - began < 2
        holder.exec_driver_sql("ROLLBACK")
    learner.save()


def test_readers_who_give_up_behind_a_lock_leave_no_more_back_ends_than_documented(
    app: Flask, database_url: str
) -> None:
    ours = sa.text(
        "SELECT count(*), count(*) FILTER (WHERE wait_event_type = 'Lock') FROM pg_stat_activity"
        " WHERE datname = current_database() AND application_name = 'vorex-sessions'"
    )
    with gunicorn(database_url) as (address, _), app.app_context():
        db.engine.dispose()
        with (
            db.engine.connect() as holder,
            db.engine.connect() as witness,
            ThreadPoolExecutor(40) as pool,
        ):
            holder.exec_driver_sql("BEGIN")
            holder.exec_driver_sql("LOCK TABLE session_results IN ACCESS EXCLUSIVE MODE")
            holder.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
            until = time.monotonic() + 6
            kinds = ("stats", "history", "export")

            def read(number: int) -> set[int]:
                found = set()
                while time.monotonic() < until:
                    found.add(get(address, kinds[number % 3]).status_code)
                return found

            readers = [pool.submit(read, number) for number in range(40)]
            counts = []
            while not all(reader.done() for reader in readers):
                count, _ = witness.execute(ours).one()
                counts.append(count - 2)  # without these two
                time.sleep(0.02)
            assert set().union(*(reader.result() for reader in readers)) <= {503, 429}
            # WEB_CONCURRENCY, DB_POOL_SIZE and EXPORT_CONNECTIONS by default
            assert 15 < max(counts) <= 2 * (10 + 2)
            # Who has given up is gone, before the lock is. What stays is the pool's, and does nothing.
            given_up = time.monotonic()
            while witness.execute(ours).one()[1]:
                assert time.monotonic() - given_up < 2  # PostgreSQL's own limit would take longer
                time.sleep(0.02)
            holder.exec_driver_sql("ROLLBACK")
        assert get(address, "stats").status_code == 200
