"""Deliverers as processes of their own: killed at any point, stopped, several at once, beside erasures."""

import json
import random
import signal
import threading
import time
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from tests.events.conftest import EITHER
from tests.events.delivering import command, deliver, deliverer, execute
from tests.events.receiver import Handler, Received, Receiver, slow, status
from tests.events.test_outbox import queued, stored
from tests.factories import Learner, content
from tests.timing import wait_until
from vorex_sessions.events import queues
from vorex_sessions.events.deliverer import Deliverer

TAKEN = status(204)
CONNECTIONS = "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"


class Life:
    """A learner who does this and that, and what happens by it, as the answers of the API say."""

    def __init__(self, learner: Learner, chance: random.Random) -> None:
        self.learner, self.chance = learner, chance
        self.happened: list[tuple[Any, ...]] = []
        self.sessions: list[dict[str, Any]] = []
        self.erasures = 0

    def act(self) -> None:
        actions = [self.save, self.save, self.replay, self.batch, self.correct, self.delete]
        self.chance.choice(actions if self.sessions else [self.save])()

    def _saved(self, answer: dict[str, Any]) -> None:
        self.sessions.append(answer)
        self.happened.append(("session.saved", answer["session_result_id"], answer["version"]))

    def save(self) -> None:
        answer = self.learner.save_answer(duration_seconds=self.chance.randrange(60, 4000))
        self._saved(answer)
        self._unlocked(answer)

    def _unlocked(self, answer: dict[str, Any]) -> None:
        for one in answer["achievements_unlocked"]:
            self.happened.append(("achievement.unlocked", one["session_result_id"], one["key"]))

    def batch(self) -> None:
        items = {"sessions": [content(), content()]}
        answer = self.learner.request("POST", "/api/sessions/batch", json=items).get_json()
        for one in answer["results"]:
            self._saved(one["session"])
        for one in answer["results"]:
            self._unlocked(one)

    def replay(self) -> None:
        one = self.chance.choice(self.sessions)
        body = content(
            session_result_id=one["session_result_id"],
            completed_at=one["completed_at"],
            duration_seconds=one["duration_seconds"],
            words_spoken=one["words_spoken"],
        )
        assert self.learner.try_save(body).status_code == 200

    def correct(self) -> None:
        one = self.chance.choice(self.sessions)
        path = f"/api/sessions/{one['session_result_id']}"
        body = {"words_spoken": one["words_spoken"] + 1}
        answer = self.learner.request("PATCH", path, json=body).get_json()
        one.update(words_spoken=answer["words_spoken"])
        self.happened.append(("session.corrected", one["session_result_id"], answer["version"]))
        self._unlocked(answer)

    def delete(self) -> None:
        one = self.sessions.pop(self.chance.randrange(len(self.sessions)))
        path = f"/api/sessions/{one['session_result_id']}"
        assert self.learner.request("DELETE", path).status_code == 204
        changes = self.learner.get("/changes")["changes"]
        (version,) = (
            change["version"]
            for change in changes
            if change["session_result_id"] == one["session_result_id"]
        )
        self.happened.append(("session.deleted", one["session_result_id"], version))

    def erase(self) -> None:
        self.learner.request("DELETE", "/api/sessions?confirm=true")
        self.sessions, self.erasures = [], self.erasures + 1
        self.happened.append(("learner.erased", None, None))


def seen(one: Received) -> tuple[Any, ...]:
    data = one.event["data"]
    return (
        one.event["type"],
        data.get("session_result_id"),
        data.get("version") or data.get("achievement"),
    )


def in_order(happened: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """What happened at one moment, the sessions of a batch or the unlocks of a session, in any one order."""
    moments = groupby(happened, key=lambda one: (one[0], one[0].startswith("session.") and one[2]))
    return [one for _, some in moments for one in sorted(some, key=str)]


def expire(app: Flask) -> None:
    """End the leases of deliverers that are dead, and all delays."""
    execute(app, "UPDATE event_queues SET due_at = now()")


def check(life: Life, receiver: Receiver) -> None:
    """All that happened since the last erasure has arrived, in order; before it, some, in order."""
    arrived = [seen(one) for one in receiver.of(life.learner.id)]
    erased = [place for place, one in enumerate(life.happened) if one[0] == "learner.erased"]
    if not erased:
        assert in_order(arrived) == in_order(life.happened)
        return
    last = max(place for place, one in enumerate(arrived) if one[0] == "learner.erased")
    assert in_order(arrived[last:]) == in_order(life.happened[erased[-1] :])
    everything = [seen(one) for one in receiver.received if one.user_id == life.learner.id]
    after = max(place for place, one in enumerate(everything) if one[0] == "learner.erased")
    assert not set(everything[after:]) & set(life.happened[: erased[-1]]) - {everything[after]}
    before = iter(in_order(life.happened[: erased[-1]]))
    assert all(one in before for one in in_order(arrived[:last]) if one[0] != "learner.erased")


@EITHER
def test_whatever_is_killed_exactly_what_happened_arrives_in_order(
    pushing: Flask, receiver: Receiver, database_url: str, tmp_path: Path, apart: bool
) -> None:
    chance = random.Random()
    lives = [Life(Learner(pushing), chance) for _ in range(6)]
    answers = [TAKEN, TAKEN, status(500), slow(0.05, TAKEN), slow(0.3, status(503))]
    receiver.answer = lambda handler, received: chance.choice(answers)(handler, received)
    run = partial(deliverer, database_url, receiver, tmp_path / "log", DB_DISTRIBUTED=str(apart))
    for _ in range(2):
        with run(), run():
            began, lasts = len(receiver.received), chance.uniform(0.2, 1.5)
            for _ in range(25):
                chance.choice(lives).act()
            if chance.random() < 0.5:
                chance.choice(lives).erase()
            wait_until(lambda began=began: len(receiver.received) > began)
            time.sleep(lasts)  # then both are killed
        expire(pushing)
    receiver.answer = TAKEN
    with run(), run():
        wait_until(lambda: not queued(pushing), most=60)
    for life in lives:
        check(life, receiver)
        assert life.learner.id not in (tmp_path / "log").read_text()
    lines = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    assert {line["event"] for line in lines} == {"events were not delivered"}
    assert {line["answer"] for line in lines} <= {"HTTP 500", "HTTP 503"}


@EITHER
def test_two_deliverers_at_once_send_each_event_once(
    pushing: Flask, receiver: Receiver, database_url: str, tmp_path: Path, apart: bool
) -> None:
    learners = [Learner(pushing) for _ in range(10)]
    for learner in learners:
        for _ in range(3):
            learner.save()
    receiver.answer = slow(0.02, TAKEN)
    run = partial(deliverer, database_url, receiver, tmp_path / "log", DB_DISTRIBUTED=str(apart))
    with run(), run():
        wait_until(lambda: not queued(pushing), most=60)
    arrived = [one.id for one in receiver.received]
    assert sorted(arrived) == sorted(str(one.event_id) for one in stored(pushing))
    for learner in learners:
        mine = [one.id for one in receiver.received if one.user_id == learner.id]
        assert mine == [str(one.event_id) for one in stored(pushing, learner)]


def test_on_sigterm_it_ends_after_what_is_being_sent(
    pushing: Flask, receiver: Receiver, database_url: str, tmp_path: Path
) -> None:
    learner = Learner(pushing)
    learner.save()
    receiver.answer = slow(1, TAKEN)
    with deliverer(database_url, receiver, tmp_path / "log") as process:
        wait_until(lambda: bool(receiver.received))
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0
    assert "Delivered 1 event; 0 attempts failed." in (tmp_path / "log").read_text()
    receiver.answer = TAKEN
    deliver(pushing)
    assert len(receiver.received) == len(receiver.of(learner.id)) == len(stored(pushing, learner))


class Held:
    """Answers each request when the test says so."""

    def __init__(self) -> None:
        self.go_on = threading.Event()

    def __call__(self, handler: Handler, received: Received) -> None:
        assert self.go_on.wait(20)
        handler.reply(204)


@EITHER
def test_an_erasure_arrives_after_what_is_being_sent_and_nothing_else_does(
    pushing: Flask, receiver: Receiver
) -> None:
    learner = Learner(pushing)
    learner.save()
    learner.save()
    receiver.answer = held = Held()
    stopping = threading.Event()

    def run() -> None:
        with pushing.app_context():
            Deliverer(pushing.app_context, stopping, once=True).run()

    thread = threading.Thread(target=run)
    thread.start()
    wait_until(lambda: bool(receiver.received))
    learner.request("DELETE", "/api/sessions?confirm=true")
    assert deliver(pushing).startswith("Delivered 0 events")  # the other one is still sending
    open_ones = f"{CONNECTIONS} AND state LIKE 'idle in transaction%'"
    assert execute(pushing, open_ones) == []
    held.go_on.set()
    thread.join()  # it sends what has become due meanwhile, too
    assert receiver.types == ["session.saved", "learner.erased"]
    assert queued(pushing) == 0
    learner.save()
    deliver(pushing)
    assert receiver.types[2] == "session.saved"


@EITHER
def test_a_redelivery_beside_a_running_delivery_is_not_lost(
    pushing: Flask, receiver: Receiver
) -> None:
    learner = Learner(pushing)
    learner.save()
    deliver(pushing)
    first = str(stored(pushing, learner)[0].event_id)
    learner.save()
    receiver.received.clear()
    receiver.answer = held = Held()
    with pushing.app_context():
        parcels = queues.parcels(pushing.extensions["vorex-registry"].destinations[0], 8)
        command(pushing, "redeliver", "--id", first)
        held.go_on.set()
        queues.note(parcels[0], parcels[0].destination.send(parcels[0].events))
    assert len(receiver.received) == 1
    expire(pushing)
    deliver(pushing)
    assert [one.id for one in receiver.received[1:]] == [
        str(one.event_id) for one in stored(pushing, learner)
    ]


@EITHER
@pytest.mark.parametrize("moment", ["before", "after"])
def test_an_event_written_while_the_queue_is_emptied_is_not_lost(
    pushing: Flask, receiver: Receiver, moment: str
) -> None:
    learner = Learner(pushing)
    learner.save()
    receiver.answer = TAKEN
    with pushing.app_context():
        (parcel,) = queues.parcels(pushing.extensions["vorex-registry"].destinations[0], 8)
        while True:
            answer = parcel.destination.send(parcel.events)
            if parcel.queues[0].ids[-1] == parcel.queues[0].last_id and moment == "before":
                learner.save()
            queues.note(parcel, answer)
            found = queues.parcels(parcel.destination, 8)
            if not found:
                break
            (parcel,) = found
            moment = moment if parcel.queues[0].ids[-1] != parcel.queues[0].last_id else "done"
    if moment == "after":
        learner.save()
    deliver(pushing)
    assert [one.id for one in receiver.received] == [
        str(one.event_id) for one in stored(pushing, learner)
    ]


def test_a_database_that_is_away_for_a_while_stops_no_deliverer(
    pushing: Flask, receiver: Receiver, database_url: str, tmp_path: Path
) -> None:
    learner = Learner(pushing)
    learner.save()
    ours = [row.pid for row in execute(pushing, CONNECTIONS)]
    with deliverer(database_url, receiver, tmp_path / "log") as process:
        wait_until(lambda: not queued(pushing))
        for _ in range(3):
            theirs = f"SELECT pg_terminate_backend(pid) FROM ({CONNECTIONS}) AS all_of_them"
            execute(pushing, f"{theirs} WHERE pid <> ALL (ARRAY{ours})")
            time.sleep(0.2)
        learner.save()
        wait_until(lambda: not queued(pushing), most=60)
        assert process.poll() is None
    assert len(receiver.of(learner.id)) == len(stored(pushing, learner))
