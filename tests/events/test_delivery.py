"""Delivery: what is sent, in which order, and what each answer of a receiver means."""

import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from flask import Flask

from tests.events.conftest import EITHER
from tests.events.delivering import command, deliver, execute, make_due
from tests.events.receiver import (
    Answer,
    Handler,
    Received,
    Receiver,
    Script,
    drip,
    endless_body,
    hang_up,
    slow,
    status,
)
from tests.events.test_keeping import age
from tests.events.test_outbox import stored
from tests.factories import Learner
from vorex_sessions.events import posting, queues

TAKEN = status(204)


def queue(app: Flask, learner: Learner) -> dict:
    (row,) = execute(app, f"SELECT * FROM event_queues WHERE user_id = '{learner.id}'")
    return row._asdict()


def delay(app: Flask, learner: Learner) -> float:
    return (queue(app, learner)["due_at"] - datetime.now(UTC)).total_seconds()


@EITHER
def test_each_event_arrives_once_and_in_order(pushing: Flask, receiver: Receiver) -> None:
    learners = [Learner(pushing) for _ in range(3)]
    for _ in range(3):
        for learner in learners:
            learner.save()
    happened = stored(pushing)
    assert deliver(pushing) == f"Delivered {len(happened)} events; 0 attempts failed.\n"
    for learner in learners:
        mine = [str(one.event_id) for one in happened if str(one.user_id) == learner.id]
        assert [one.id for one in receiver.received if one.user_id == learner.id] == mine
    assert deliver(pushing) == "Delivered 0 events; 0 attempts failed.\n"
    assert execute(pushing, "SELECT * FROM event_queues") == []


def test_an_event_is_thin(pushing: Flask, receiver: Receiver) -> None:
    learner = Learner(pushing)
    session = learner.save(topics=["secret travel"])
    deliver(pushing)
    first, *rest = receiver.received
    event = first.event
    timestamp = datetime.fromisoformat(event.pop("timestamp"))
    assert abs(datetime.now(UTC) - timestamp) < timedelta(minutes=1)
    assert event == {
        "type": "session.saved",
        "data": {
            "user_id": learner.id,
            "session_result_id": session["session_result_id"],
            "version": session["version"],
        },
    }
    assert {one.event["type"] for one in rest} == {"achievement.unlocked"}
    assert first.headers["content-type"] == "application/json"
    assert "secret" not in str(receiver.received)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (status(500), "HTTP 500"),
        (status(404), "HTTP 404"),
        (status(302, Location="http://127.0.0.1:1/elsewhere"), "a redirect, which is not followed"),
        (status(503), "HTTP 503"),
        (hang_up, "RemoteDisconnected"),
    ],
    ids=["500", "404", "redirect", "503", "hang-up"],
)
def test_what_failed_is_tried_again_after_5_seconds_with_the_same_id(
    pushing: Flask, receiver: Receiver, answer: Answer, says: str
) -> None:
    learner = Learner(pushing)
    learner.save()
    receiver.answer = Script([answer, TAKEN])
    assert deliver(pushing) == "Delivered 0 events; 1 attempt failed.\n"
    assert 4 < delay(pushing, learner) < 6
    assert says in queue(pushing, learner)["last_answer"]
    assert len(receiver.received) == 1  # the learner's next event waits for the one before
    deliver(pushing)
    assert len(receiver.received) == 1
    make_due(pushing)
    deliver(pushing)
    first, second, *rest = receiver.received
    assert (first.id, first.body) == (second.id, second.body)
    assert [one.event["type"] for one in rest] == ["achievement.unlocked"] * len(rest)


def test_a_receiver_that_is_down_is_tried_again(
    pushing: Flask, receiver: Receiver, settings: dict
) -> None:
    learner = Learner(pushing)
    learner.save()
    pushing.config["WEBHOOK_URL"] = "http://127.0.0.1:1/"
    deliver(pushing)
    assert queue(pushing, learner)["last_answer"] == "Connection refused"


@pytest.mark.parametrize("answer", [drip, slow(2, TAKEN)], ids=["byte by byte", "silent"])
def test_a_request_has_a_deadline_whatever_the_receiver_does(
    pushing: Flask, receiver: Receiver, answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posting, "LONGEST", 0.5)
    learner = Learner(pushing)
    learner.save()
    receiver.answer = answer
    began = time.monotonic()
    deliver(pushing)
    assert 0.4 < time.monotonic() - began < 5
    assert queue(pushing, learner)["last_answer"] == "no answer in time"


def test_a_body_that_never_ends_is_not_read(pushing: Flask, receiver: Receiver) -> None:
    learner = Learner(pushing)
    learner.save()
    receiver.answer = endless_body
    began = time.monotonic()
    assert "0 attempts failed" in deliver(pushing)
    assert time.monotonic() - began < 5
    assert "HTTP 200\nhello" in command(pushing, "test")


@EITHER
def test_one_learner_s_failure_holds_no_other_up(pushing: Flask, receiver: Receiver) -> None:
    learner, other = Learner(pushing), Learner(pushing)
    for person in (learner, other):
        person.save()
    receiver.answer = lambda handler, received: handler.reply(
        500 if received.user_id == learner.id else 204
    )
    deliver(pushing)
    assert len(receiver.of(other.id)) > 1
    assert len(receiver.of(learner.id)) == 1


@EITHER
def test_delays_grow_to_a_day_and_after_three_days_an_event_is_given_up(
    pushing: Flask, receiver: Receiver
) -> None:
    learner = Learner(pushing)
    learner.save()
    first, second = stored(pushing, learner)[:2]
    receiver.answer = status(500)
    for seconds in (*queues.DELAYS, queues.DELAYS[-1]):
        make_due(pushing)
        deliver(pushing)
        assert 0.88 * seconds < delay(pushing, learner) < 1.12 * seconds
    execute(pushing, "UPDATE event_queues SET failing_since = now() - interval '73 hours'")
    age(pushing, learner, 2)
    make_due(pushing)
    deliver(pushing)
    assert "0 events given up" in command(pushing, "status")
    execute(
        pushing,
        "UPDATE events SET occurred_at = now() - interval '73 hours' "
        f"WHERE event_id = '{first.event_id}'",
    )
    make_due(pushing)
    receiver.received.clear()
    receiver.answer = Script([status(500), status(500), TAKEN])
    deliver(pushing)
    assert "1 event given up" in command(pushing, "status")  # the next one has its own three days
    make_due(pushing)
    deliver(pushing)
    assert [one.id for one in receiver.received[:2]] == [str(first.event_id), str(second.event_id)]
    assert "1 event given up" in command(pushing, "status")
    assert command(pushing, "redeliver", "--given-up").startswith("Events of 1 learner")
    receiver.received.clear()
    deliver(pushing)
    assert [one.id for one in receiver.received] == [
        str(one.event_id) for one in stored(pushing, learner)
    ]
    assert "0 events given up" in command(pushing, "status")


@EITHER
def test_410_closes_the_endpoint_until_it_is_enabled(pushing: Flask, receiver: Receiver) -> None:
    learner = Learner(pushing)
    learner.save()
    receiver.answer = status(410)
    deliver(pushing)
    learner.save()
    receiver.answer = TAKEN
    deliver(pushing)
    assert len(receiver.received) == 1
    assert "webhook: disabled since" in command(pushing, "status")
    command(pushing, "enable")
    assert "webhook: open" in command(pushing, "status")
    deliver(pushing)
    assert len(receiver.of(learner.id)) == len(stored(pushing, learner))


@pytest.mark.parametrize(
    "value", ["soon", "-1", "1.5", "²", "Thu, 99 Nov 2026", "Fri, 31 Dec 9999 23:59:59 -1200"]
)
def test_a_retry_after_without_a_meaning_is_as_none(value: str) -> None:
    assert posting.meaning(posting.Reply(503, value, "")).retry_after is None


@EITHER
@pytest.mark.parametrize("code", [429, 503])
@pytest.mark.parametrize("form", ["seconds", "date"])
def test_retry_after_is_kept_for_all_learners(
    pushing: Flask, receiver: Receiver, code: int, form: str
) -> None:
    for _ in range(20):
        Learner(pushing).save()
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=120), usegmt=True)
    receiver.answer = status(code, Retry_After="120" if form == "seconds" else date)
    deliver(pushing)
    assert len(receiver.received) <= 16  # those that were on their way
    make_due(pushing)
    count = len(receiver.received)
    deliver(pushing)
    assert len(receiver.received) == count
    assert "webhook: paused until" in command(pushing, "status")
    execute(pushing, "UPDATE event_destinations SET paused_until = now()")
    receiver.answer = TAKEN
    deliver(pushing)
    assert {str(one.event_id) for one in stored(pushing)} == {one.id for one in receiver.received}


def test_a_slow_receiver_is_sent_several_requests_at_once(
    pushing: Flask, receiver: Receiver
) -> None:
    learners = [Learner(pushing) for _ in range(8)]
    for learner in learners:
        learner.save(duration_seconds=1)
    at_once: list[int] = []

    def count(handler: Handler, received: Received) -> None:
        at_once.append(1)
        time.sleep(0.3)
        running.append(sum(at_once))
        at_once.append(-1)
        handler.reply(204)

    running: list[int] = []
    receiver.answer = count
    deliver(pushing)
    assert 1 < max(running) <= 8
    assert len(receiver.received) == len(stored(pushing))


@EITHER
def test_redelivery_sends_an_event_and_what_followed_it(pushing: Flask, receiver: Receiver) -> None:
    learner, other = Learner(pushing), Learner(pushing)
    for person in (learner, other):
        person.save()
        person.save()
    deliver(pushing)
    receiver.received.clear()
    ids = [str(one.event_id) for one in stored(pushing, learner)]
    assert command(pushing, "redeliver", "--id", ids[1]).startswith("Events of 1 learner will")
    deliver(pushing)
    assert [one.id for one in receiver.received] == ids[1:]
    receiver.received.clear()
    since = (datetime.now(UTC) - timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M:%S")
    assert command(pushing, "redeliver", "--since", since).startswith("Events of 2 learners will")
    deliver(pushing)
    assert len(receiver.received) == len(stored(pushing))
    command(pushing, "redeliver", status=2)
    command(pushing, "redeliver", "--given-up", "--since", since, status=2)


def test_the_test_event_prints_the_answer(pushing: Flask, receiver: Receiver) -> None:
    receiver.answer = status(200, b"thank you")
    assert command(pushing, "test") == "HTTP 200\nthank you\n"
    assert receiver.types == ["test"]
    receiver.answer = status(401, b"who are you?")
    said = command(pushing, "test", status=1)
    assert said == "HTTP 401\nwho are you?\nError: The receiver did not take the event.\n"
    assert stored(pushing) == []
