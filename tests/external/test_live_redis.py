"""Live sessions told from worker to worker by Redis, and while Redis is away."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import redis
import requests
from flask import Flask

from tests.factories import content, token
from tests.live.practising import heartbeat, listeners, new_id
from tests.live.sockets import OPEN, Phone
from tests.live.test_fan_out import heard
from tests.redis_server import redis_server
from tests.serving import BIN, ROOT, environment, free_port, gunicorn
from tests.timing import tries, wait_until

pytestmark = pytest.mark.external
CHANNEL = "vorex_live_:3"


@pytest.fixture(autouse=True)
def _hang_up() -> Iterator[None]:
    yield
    while OPEN:
        OPEN.pop().socket.shutdown()


def settings(port: int) -> dict[str, str]:
    return {
        "RATELIMIT_STORAGE_URI": f"redis://127.0.0.1:{port}/3",
        "RATELIMIT_ENABLED": "false",
    }


@contextmanager
def service(database_url: str, port: int, **more: str) -> Iterator[str]:
    with gunicorn(database_url, **settings(port), **more) as (address, _):
        yield address


def send(address: str, learner_id: str, method: str, path: str, **options: Any) -> Any:
    headers = {"Authorization": f"Bearer {token(learner_id)}"}
    url = f"{address}/api/sessions{path}"
    answer = requests.request(method, url, headers=headers, timeout=10, **options)
    assert answer.ok, answer.text
    return answer


def beat(address: str, learner_id: str, session_id: str, seq: int) -> None:
    send(address, learner_id, "PUT", f"/live/{session_id}", json=heartbeat(seq))


def phones_of(address: str, learner_id: str) -> list[Phone]:
    """Three sockets; of two workers, both have some or HTTP comes to the other."""
    phones = [Phone(address, learner_id) for _ in range(3)]
    for device in phones:
        device.hear("ready")
    return phones


def is_state_of(seq: int) -> Any:
    return lambda message: (
        message["type"] == "state" and [one["seq"] for one in message["sessions"]] == [seq]
    )


def subscribers(port: int) -> int:
    ((_, count),) = redis.Redis(port=port).pubsub_numsub(CHANNEL)
    return int(count)


def test_a_thousand_of_a_thousand_messages_arrive_in_order(
    app: Flask, database_url: str, tmp_path: Path
) -> None:
    port = free_port()
    with redis_server(port, tmp_path):
        assert heard(1000, database_url, **settings(port)) == [list(range(1000))] * 5


@pytest.mark.parametrize("pooler", ["false", "true"])
def test_other_workers_hear_by_redis_alone(
    app: Flask, database_url: str, tmp_path: Path, pooler: str
) -> None:
    port, learner_id, session_id = free_port(), str(uuid4()), new_id()
    with (
        redis_server(port, tmp_path),
        service(database_url, port, DB_TRANSACTION_POOLER=pooler) as address,
    ):
        phones = phones_of(address, learner_id)
        wait_until(lambda: subscribers(port) >= 1)
        assert listeners(database_url) == 0
        time.sleep(2.5)  # whoever has just joined is told once more
        for seq in range(1, 6):
            for attempt in tries():
                beat(address, learner_id, session_id, number := seq * 10 + len(OPEN))
                with attempt.under(1):
                    for device in phones:
                        device.until(is_state_of(number))
                if attempt.slow:
                    session_id = new_id()
            time.sleep(0.2)
        # A command is a process without gevent.
        subprocess.run(
            [BIN / "flask", "privacy", "erase", learner_id],
            cwd=ROOT,
            env=environment(database_url, **settings(port)),
            check=True,
            timeout=30,
        )
        assert [device.closed() for device in phones] == [4410] * 3


def test_what_changes_while_redis_is_away_is_seen_and_after_its_return_heard_again(
    app: Flask, database_url: str, tmp_path: Path
) -> None:
    port, learner_id, session_id = free_port(), str(uuid4()), new_id()
    with service(database_url, port) as address:  # it starts without its Redis
        phones = phones_of(address, learner_id)
        for seq in (1, 2):
            beat(address, learner_id, session_id, seq)
            for device in phones:
                device.until(is_state_of(seq))
        for seq in (3, 5):  # Redis comes, and comes again
            with redis_server(port, tmp_path):
                wait_until(lambda: subscribers(port) >= 1)
                beat(address, learner_id, session_id, seq)
                for device in phones:
                    device.until(is_state_of(seq))
            beat(address, learner_id, session_id, seq + 1)  # it has just gone
            for device in phones:
                device.until(is_state_of(seq + 1))
        saved = content(session_result_id=session_id)
        send(address, learner_id, "POST", "/save", json=saved)
        for device in phones:
            device.until(lambda message: message["type"] == "state" and not message["sessions"])


def test_no_save_waits_for_a_redis_that_hangs(
    app: Flask, database_url: str, tmp_path: Path
) -> None:
    port, learner_id = free_port(), str(uuid4())
    with redis_server(port, tmp_path) as server, service(database_url, port) as address:
        phones = phones_of(address, learner_id)
        wait_until(lambda: subscribers(port) >= 1)

        def slowest(count: int) -> float:
            """Of saves that end a live session each, and so are told."""
            taken = []
            for _ in range(count):
                session_id = new_id()
                beat(address, learner_id, session_id, 1)
                saved = content(session_result_id=session_id)
                answer = send(address, learner_id, "POST", "/save", json=saved)
                taken.append(answer.elapsed.total_seconds())
            return max(taken)

        usual = slowest(20)
        os.kill(server.pid, signal.SIGSTOP)
        for attempt in tries():
            attempt.check(slowest(30) - usual, 0.1)
        session_id = new_id()
        beat(address, learner_id, session_id, 7)
        for device in phones:
            device.until(
                is_state_of(7), 30
            )  # after 20 s at the latest they know that Redis is silent
        os.kill(server.pid, signal.SIGCONT)
