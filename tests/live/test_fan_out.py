"""What a worker tells others arrives, by LISTEN and NOTIFY; tests/external/test_live_redis.py: by Redis."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import gevent
import psycopg2
import pytest
import requests
from flask import Flask

from tests.factories import Learner, content, token
from tests.live.practising import beat, heartbeat, listeners, new_id
from tests.live.sockets import OPEN, Phone, phone
from tests.serving import ROOT, environment, gunicorn
from tests.timing import wait_until
from vorex_sessions.live import service, watching
from vorex_sessions.live.hub import Hub
from vorex_sessions.live.outgoing import Outgoing, look
from vorex_sessions.live.relays import relay_of


@pytest.fixture(autouse=True)
def _hang_up() -> Iterator[None]:
    yield
    while OPEN:
        OPEN.pop().socket.shutdown()


def result(argument: str, database_url: str, **settings: str) -> Any:
    """What fan_out.py prints."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.live.fan_out", argument],
        cwd=ROOT,
        env=environment(database_url, **settings),
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def heard(count: int, database_url: str, **settings: str) -> list[list[int]]:
    """The numbers that the devices of fan_out.py hear."""
    numbers: list[list[int]] = result(str(count), database_url, **settings)
    return numbers


def test_a_thousand_of_a_thousand_messages_arrive_in_order(app: Flask, database_url: str) -> None:
    assert heard(1000, database_url) == [list(range(1000))] * 5


def test_who_listens_hears_whatever_the_schemas_name(app: Flask, settings: dict) -> None:
    for schema in (None, "a" * 52, "a" * 53, "a" * 63):
        relay = relay_of({**settings, "DATABASE_SCHEMA": schema})
        assert relay
        with app.app_context(), closing(relay.listen()) as ear:
            relay.tell(["one", "two"])
            assert ear.wait(5) == ["one", "two"]


@pytest.mark.parametrize("payload", [look("another"), "nonsense", '["another",[[[],1]]]', "7"])
def test_who_is_told_to_look_or_told_nonsense_looks_and_goes_on_hearing(
    app: Flask, settings: dict, database_url: str, learner: Learner, payload: str
) -> None:
    relay = relay_of(settings)
    assert relay
    with (
        gunicorn(database_url, WEB_CONCURRENCY="1") as (address, _),
        phone(address, learner.id) as one,
    ):
        wait_until(lambda: listeners(database_url) == 1)
        one.hear("state")  # who has just joined is told once more
        given = {**heartbeat(), "started_at": datetime.now(UTC)}
        with app.app_context():
            service.beat(learner.id, new_id(), given, now=datetime.now(UTC))  # tells nobody
            relay.tell([payload])
        one.until(lambda message: message["type"] == "state" and len(message["sessions"]) == 1)
        wait_until(lambda: listeners(database_url) == 1)
        beat(learner, new_id())
        one.until(lambda message: message["type"] == "state" and len(message["sessions"]) == 2)


def test_others_are_told_to_look_where_too_many_learners_could_not_be_told(app: Flask) -> None:
    class Cut:
        """A relay that is away, and then comes back."""

        longest, told, is_away = 1000, [], True

        def tell(self, payloads: list[str]) -> None:
            if self.is_away:
                raise OSError
            self.told += payloads

    relay: Any = Cut()
    outgoing = Outgoing(relay, "me", app.app_context)
    for _ in range(1001):
        outgoing.add(str(uuid4()), {})
    relay.is_away = False
    outgoing.add(last := str(uuid4()), {})
    outgoing.add(last, {})
    assert relay.told == [look("me"), *[f'["me",[["{last}",{{}}]]]'] * 2]


@contextmanager
def listening(database_url: str, channel: str = "vorex_live_") -> Iterator[list[str]]:
    """Listen as no worker does: without the lock by which workers are seen."""
    connection = psycopg2.connect(database_url)
    connection.autocommit = True
    notices: list[str] = []
    try:
        connection.cursor().execute(f'LISTEN "{channel}"')
        yield notices
        connection.cursor().execute("SELECT 1")
        connection.poll()
        notices += [notice.payload for notice in connection.notifies]
    finally:
        connection.close()


def test_nobody_is_notified_while_no_worker_has_a_socket(
    app: Flask, database_url: str, learner: Learner
) -> None:
    with listening(database_url) as notices:
        for seq in range(5):
            assert beat(learner, new_id(), seq).status_code == 201
    assert notices == []
    with gunicorn(database_url, WEB_CONCURRENCY="1") as (address, _), phone(address, learner.id):
        wait_until(lambda: listeners(database_url) == 1)
        with listening(database_url) as notices:
            beat(learner, new_id())
        assert len(notices) == 1


def test_a_worker_whose_sockets_have_left_gives_its_connection_back(
    app: Flask, database_url: str
) -> None:
    assert result("leaving", database_url) == [1, 0, 1, 0]


def test_behind_a_transaction_pooler_an_erasure_closes_the_sockets_of_all_workers(
    app: Flask, database_url: str, learner: Learner, other: Learner
) -> None:
    """The erasure of another process, as that of a worker with none of these sockets."""
    settings = {"DB_TRANSACTION_POOLER": "true", "RATELIMIT_ENABLED": "false"}
    with gunicorn(database_url, **settings) as (address, _), phone(address, other.id) as stranger:
        phones = [Phone(address, learner.id) for _ in range(3)]
        for device in phones:
            device.hear("ready")
        assert learner.request("DELETE", "/api/sessions?confirm=true").status_code == 200
        assert [device.closed() for device in phones] == [4410] * 3
        with phone(address, learner.id) as again:  # who comes back begins anew
            time.sleep(4.5)
            again.beat(started_at=datetime.now(UTC).isoformat())
            again.hear("ack")
        stranger.say("ping")
        stranger.hear("pong")


def test_a_change_right_after_a_socket_has_opened_is_seen_behind_a_pooler(
    app: Flask, database_url: str
) -> None:
    settings = {"DB_TRANSACTION_POOLER": "true", "RATELIMIT_ENABLED": "false"}
    with gunicorn(database_url, **settings) as (address, _):
        learner_id, session_id = str(uuid4()), new_id()
        with phone(address, learner_id) as device:
            writer = Learner(app)
            writer.id = learner_id
            assert beat(writer, session_id).status_code == 201  # in this process
            device.until(lambda message: message["type"] == "state" and message["sessions"])
            saved = requests.post(
                f"{address}/api/sessions/save",
                json=content(session_result_id=session_id),
                headers={"Authorization": f"Bearer {token(learner_id)}"},
                timeout=10,
            )
            assert saved.status_code == 201
            device.until(lambda message: message["type"] == "state" and not message["sessions"])


def test_what_began_and_ended_between_two_looks_is_not_shown_for_good_behind_a_pooler(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker tells of the beginning; the end is another's, and then all is as at the last look."""
    hub, learner_id = Hub(app.app_context, None), str(uuid4())
    watch, told = hub._watch, []
    nothing = SimpleNamespace(learner=learner_id, state=None, erased_at=None)
    monkeypatch.setattr(watching, "run", lambda statement, parameters: [nothing])
    monkeypatch.setattr(watch, "start", lambda: None)
    monkeypatch.setattr(hub, "tell", lambda learner_id, *note: told.append(learner_id))
    device: Any = SimpleNamespace()
    hub._is_delivering = True
    hub.join(learner_id, device)
    before = watch._look({})
    assert watch._look(before) == before
    assert told == [learner_id]  # once, since nothing was known before
    for change in (
        lambda: hub.changed(learner_id),  # a heartbeat, after which another worker saves
        lambda: hub.join(learner_id, device),  # who is shown what is over by now
    ):
        change()
        told.clear()
        assert (watch._look(before), watch._look(before)) == (before, before)
        assert told == [learner_id]


def test_a_change_is_told_at_once_and_what_follows_together(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker may end right after it."""
    told: list[int] = []
    relay: Any = SimpleNamespace(longest=1000, tell=lambda payloads: told.append(len([*payloads])))
    outgoing = Outgoing(relay, "own", app.app_context)
    monkeypatch.setattr("gevent.monkey.is_module_patched", lambda name: True)
    outgoing.add(new_id(), {})
    gevent.sleep(0)
    assert told == [1]
    for _ in range(5):
        outgoing.add(new_id(), {})
    gevent.sleep(0.5)
    assert told == [1, 1]
