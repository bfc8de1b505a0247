"""Batches of sessions, as a phone sends them after it was offline."""

from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests.factories import Learner, content, pointers
from tests.statements import recorded, statements

pytestmark = pytest.mark.one_and_several


def batch(learner: Learner, *items: Any, **headers: str) -> TestResponse:
    return learner.request(
        "POST", "/api/sessions/batch", json={"sessions": list(items)}, headers=headers
    )


def statuses(response: TestResponse) -> list[str]:
    assert response.status_code == 200, response.text
    answer = response.get_json()
    assert [result["index"] for result in answer["results"]] == list(range(len(answer["results"])))
    item_statuses = [result["status"] for result in answer["results"]]
    for status in ("created", "replayed", "rejected"):
        assert answer[status] == item_statuses.count(status)
    return item_statuses


def problem(response: TestResponse, index: int) -> dict[str, Any]:
    return response.get_json()["results"][index]["problem"]


def test_valid_items_are_stored_and_invalid_ones_told(learner: Learner) -> None:
    response = batch(
        learner,
        content(duration_seconds=1),
        content(duration_seconds=-1, topics=["ok", 5]),
        "nonsense",
        content(completed_at="2099-01-01T00:00:00Z"),
        content(duration_seconds=2),
    )
    assert statuses(response) == ["created", "rejected", "rejected", "rejected", "created"]
    assert [error["pointer"] for error in problem(response, 1)["errors"]] == [
        "#/sessions/1/duration_seconds",
        "#/sessions/1/topics/1",
    ]
    assert problem(response, 2)["errors"][0]["pointer"] == "#/sessions/2"
    assert problem(response, 3)["errors"][0]["pointer"] == "#/sessions/3/completed_at"
    stored = [result.get("session") for result in response.get_json()["results"]]
    assert [session["duration_seconds"] for session in stored if session] == [1, 2]
    assert learner.count() == 2


def test_what_was_stored_before_is_replayed_or_refused(learner: Learner) -> None:
    session_id = str(uuid4())
    learner.save(session_result_id=session_id)
    response = batch(
        learner,
        content(session_result_id=session_id),
        content(session_result_id=session_id, duration_seconds=5),
        content(session_result_id=session_id.upper()),
    )
    assert statuses(response) == ["replayed", "rejected", "replayed"]
    assert problem(response, 1)["status"] == 409
    assert learner.count() == 1


def test_the_same_id_twice_in_one_batch(learner: Learner) -> None:
    session_id = str(uuid4())
    response = batch(
        learner,
        content(session_result_id=session_id),
        content(session_result_id=session_id),
        content(session_result_id=session_id, duration_seconds=5),
    )
    assert statuses(response) == ["created", "replayed", "rejected"]
    assert problem(response, 2)["status"] == 409
    assert learner.count() == 1


def test_a_conflict_first_does_not_hide_a_replay_after_it(learner: Learner) -> None:
    session_id = str(uuid4())
    learner.save(session_result_id=session_id)
    response = batch(
        learner,
        content(session_result_id=session_id, duration_seconds=5),
        content(session_result_id=session_id),
    )
    assert statuses(response) == ["rejected", "replayed"]


def test_deleted_sessions_are_rejected_as_gone(learner: Learner) -> None:
    session_id = learner.save()["session_result_id"]
    learner.request("DELETE", f"/api/sessions/{session_id}")
    response = batch(learner, content(session_result_id=session_id), content())
    assert statuses(response) == ["rejected", "created"]
    assert problem(response, 0)["status"] == 410


def test_a_key_serves_the_whole_batch(learner: Learner) -> None:
    own = str(uuid4())
    items = [content(), content(), content(session_result_id=own)]
    first = batch(learner, *items, **{"Idempotency-Key": "monday"})
    again = batch(learner, *items, **{"Idempotency-Key": '"monday"'})
    assert statuses(first) == ["created"] * 3
    assert statuses(again) == ["replayed"] * 3
    ids = [result["session"]["session_result_id"] for result in again.get_json()["results"]]
    assert len(set(ids)) == 3
    assert ids[2] == own
    changed = batch(learner, content(duration_seconds=5), **{"Idempotency-Key": "monday"})
    assert problem(changed, 0)["status"] == 422
    assert learner.count() == 3


def test_a_batch_key_and_a_save_key_do_not_meet(learner: Learner) -> None:
    batch(learner, content(), **{"Idempotency-Key": "k"})
    for key in ("k", "k0", "k:0"):
        assert learner.try_save(content(), **{"Idempotency-Key": key}).status_code == 201


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({}, "#/sessions"),
        ({"sessions": []}, "#/sessions"),
        ({"sessions": [content()] * 101}, "#/sessions"),
        ({"sessions": content()}, "#/sessions"),
        ({"sessions": None}, "#/sessions"),
        ({"sessions": [content()], "x": 1}, "#/x"),
        ([content()], "#"),
    ],
)
def test_a_body_that_is_no_batch_is_refused(learner: Learner, body: Any, place: str) -> None:
    response = learner.request("POST", "/api/sessions/batch", json=body)
    assert pointers(response) == [place]
    assert learner.count() == 0


def test_a_batch_of_rejected_items_is_an_answer(learner: Learner) -> None:
    assert statuses(batch(learner, {}, {})) == ["rejected", "rejected"]


def test_a_batch_may_hold_4_mib(learner: Learner) -> None:
    heavy = content(metadata={"x": "y" * 16_000})
    assert statuses(batch(learner, *[heavy] * 100)) == ["created"] * 100
    response = learner.request(
        "POST",
        "/api/sessions/batch",
        data=b" " * (4 * 2**20 + 1),
        headers={"Content-Type": "application/json"},
    )
    assert response.status_code == 413


def test_a_hundred_sessions_take_few_statements(
    app: Flask, learner: Learner, machines: str
) -> None:
    ids = [str(uuid4()) for _ in range(100)]
    learner.save(session_result_id=ids[7])
    with recorded(app) as sent:
        response = batch(learner, *[content(session_result_id=session_id) for session_id in ids])
    assert statuses(response).count("created") == 99
    # Two of them are for what it unlocks, one for the replay.
    assert len(statements(sent)) <= (8 if machines == "one" else 11)


def test_an_ordinary_save_takes_two_round_trips(
    app: Flask, learner: Learner, machines: str
) -> None:
    learner.save()
    with recorded(app) as sent:
        learner.save()
    # The lock, the session with its words, the version, the totals. Where there are several machines: what
    # holds the lock, the lock, what is new, the version, the session, words, totals.
    assert len(statements(sent)) == (4 if machines == "one" else 7)
    assert len(sent) == 2
