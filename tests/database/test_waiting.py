"""Waiting for PostgreSQL in a worker, where other requests are served meanwhile: how long a query has."""

import subprocess
import sys
from textwrap import dedent

import pytest
from flask import Flask

pytestmark = pytest.mark.alone  # they are about time

HEAD = """
from gevent import monkey
monkey.patch_all()
import sys, time
import gevent, psycopg2
from vorex_sessions.database import timeouts
timeouts.install()

def connect():
    connection = psycopg2.connect(sys.argv[1])
    connection.autocommit = True
    return connection

def sleep_for(seconds, connection, limit):
    try:
        with timeouts.deadline(limit), connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(%s), 'answered'", [seconds])
            return cursor.fetchone()[1]
    except timeouts.TimedOut:
        return "too late"

def compute(seconds):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        pass

connection, began = connect(), time.monotonic()
"""


def in_worker(database_url: str, script: str) -> str:
    """What a script prints in a process that gevent has patched, whose connections wait as the app's."""
    ran = subprocess.run(
        [sys.executable, "-c", HEAD + dedent(script), database_url],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()


def test_an_answer_that_came_while_the_worker_stalled_is_taken(
    app: Flask, database_url: str
) -> None:
    script = """
        other = gevent.spawn_later(0.1, compute, 1)
        print(sleep_for(0.3, connection, 0.6), connection.closed)
    """
    assert in_worker(database_url, script) == "answered 0"


def test_what_was_computed_before_a_query_is_not_taken_off_its_time(
    app: Flask, database_url: str
) -> None:
    script = """
        sleep_for(0.01, connection, 1)
        compute(1)
        print(sleep_for(0.2, connection, 0.9))
    """
    assert in_worker(database_url, script) == "answered"


def test_a_query_that_takes_too_long_is_given_up_in_time_and_others_go_on(
    app: Flask, database_url: str
) -> None:
    script = """
        other = gevent.spawn(sleep_for, 0.1, connect(), 5)
        print(sleep_for(5, connection, 0.5), connection.closed, time.monotonic() - began < 1.5)
        print(other.get())
    """
    assert in_worker(database_url, script).split("\n") == ["too late 2 True", "answered"]


def test_who_is_ended_while_waiting_for_a_connection_takes_no_place_along(
    app: Flask, database_url: str
) -> None:
    script = """
        from vorex_sessions.database.pool import FairSemaphore
        places = FairSemaphore(1)
        places.acquire(0)
        waiting = gevent.spawn(places.acquire, 5)
        gevent.sleep(0.05)
        waiting.kill()
        places.release()
        print(places.acquire(0.2), places.acquire(0))
    """
    assert in_worker(database_url, script) == "True False"
