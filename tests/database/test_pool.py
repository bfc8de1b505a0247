"""A free connection goes to the request that has waited longest."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import TimeoutError as PoolTimeout

from tests.timing import tries
from vorex_sessions import create_app
from vorex_sessions.database import run
from vorex_sessions.database.pool import FairPool, FairSemaphore
from vorex_sessions.extensions import db


def test_a_place_goes_to_who_waits_and_not_to_who_comes_by() -> None:
    semaphore = FairSemaphore(1)
    assert semaphore.acquire(0)
    served: list[int] = []

    def wait(number: int) -> None:
        assert semaphore.acquire(5)
        served.append(number)

    waiting = []
    for number in range(5):
        waiting.append(threading.Thread(target=wait, args=(number,)))
        waiting[-1].start()
        while len(semaphore._waiters) <= number:
            time.sleep(0.001)
    for number in range(5):
        semaphore.release()
        assert not semaphore.acquire(0)  # a newcomer has to wait, too
        waiting[number].join()
    assert served == [0, 1, 2, 3, 4]


def test_who_has_waited_in_vain_leaves_no_trace() -> None:
    semaphore = FairSemaphore(1)
    semaphore.acquire(0)
    assert [semaphore.acquire(0.01) for _ in range(3)] == [False, False, False]
    semaphore.release()
    assert semaphore.acquire(0)


def test_a_crowd_of_forty_on_two_connections_is_served_evenly(app: Flask, settings: dict) -> None:
    crowded = create_app({**settings, "DB_POOL_SIZE": 2})
    sleep = sa.text("SELECT pg_sleep(0.005)")

    def slowest(_: int) -> float:
        worst = 0.0
        with crowded.app_context():
            for _ in range(10):
                began = time.monotonic()
                run(sleep, {})
                worst = max(worst, time.monotonic() - began)
        return worst

    for attempt in tries():
        with ThreadPoolExecutor(40) as pool:  # 20 rounds of 5 ms, and a busy machine
            attempt.check(max(pool.map(slowest, range(40))), 0.9)


def test_a_connection_is_never_handed_out_twice_and_none_is_lost(
    app: Flask, settings: dict
) -> None:
    crowded = create_app({**settings, "DB_POOL_SIZE": 3})
    busy: set[int] = set()
    with crowded.app_context():
        engine = db.engine

    def take_often(number: int) -> None:
        for turn in range(40):
            taken = engine.raw_connection()
            process = taken.info["process"] = taken.info.get("process") or taken.get_backend_pid()
            assert process not in busy
            busy.add(process)
            assert len(busy) <= 3
            time.sleep(0.0001)
            busy.remove(process)
            if (number + turn) % 10 == 0:
                taken.invalidate()  # as after a fault
            taken.close()

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(take_often, range(20)))
    assert engine.pool.checkedout() == 0
    together = [engine.raw_connection() for _ in range(3)]
    assert engine.pool.checkedout() == 3
    for one in together:
        one.close()
    engine.dispose()


def test_the_connection_that_was_used_last_is_taken_first(app: Flask, settings: dict) -> None:
    """Those that nobody needs age out."""
    several = create_app({**settings, "DB_POOL_SIZE": 3})
    with several.app_context():
        both = [db.engine.raw_connection(), db.engine.raw_connection()]
        last = both[1].dbapi_connection
        for one in both:
            one.close()
        with closing(db.engine.raw_connection()) as again:
            assert again.dbapi_connection is last
        db.engine.dispose()


def test_a_connection_that_cannot_be_made_keeps_no_place(app: Flask, settings: dict) -> None:
    nowhere = "postgresql+psycopg2://nobody@127.0.0.1:1/nothing"
    silent = create_app({**settings, "DATABASE_URL": nowhere, "DB_POOL_SIZE": 1})
    with silent.app_context():
        assert isinstance(db.engine.pool, FairPool)
        for _ in range(3):
            with pytest.raises(sa.exc.OperationalError):
                run(sa.text("SELECT 1"), {})


def test_without_a_free_connection_the_wait_ends(app: Flask, settings: dict) -> None:
    single = create_app({**settings, "DB_POOL_SIZE": 1})
    with single.app_context(), db.engine.connect():
        for attempt in tries():
            began = time.monotonic()
            with attempt.under(1.5), pytest.raises(PoolTimeout):
                run(sa.text("SELECT 1"), {})
            assert time.monotonic() - began > 0.9
    with single.app_context():
        assert run(sa.text("SELECT 1 AS one"), {})[0].one == 1
