"""Concurrent requests: the database decides, not the order of reads."""

import random
import threading
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from tests.factories import Learner, content, stored
from vorex_sessions.database import locks
from vorex_sessions.extensions import db

pytestmark = pytest.mark.one_and_several


def at_once(*actions: Callable[[], Any]) -> list[Any]:
    """Run each action in its own thread, started together; return their results in order."""
    barrier = threading.Barrier(len(actions))
    results: list[Any] = [None] * len(actions)

    def run(place: int, action: Callable[[], Any]) -> None:
        barrier.wait()
        try:
            results[place] = action()
        except Exception as error:  # raised below; the test would hang or pass without it
            results[place] = error

    threads = [
        threading.Thread(target=run, args=(place, action)) for place, action in enumerate(actions)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for result in results:
        if isinstance(result, Exception):
            raise result
    return results


def clones(learner: Learner, count: int) -> list[Learner]:
    """Return the same learner on several phones."""
    return [Learner(learner.app, learner.id) for _ in range(count)]


def save_patiently(phone: Learner, body: dict[str, Any]) -> TestResponse:
    """Save a session, again with its id after 503, as clients do.

    On a busy machine a save may wait for longer than a second for the learner's lock.
    """
    body = {"session_result_id": str(uuid4()), **body}
    for _ in range(5):
        answer = phone.try_save(body)
        if answer.status_code != 503:
            break
    assert answer.status_code in (200, 201), answer.text
    return answer


@pytest.mark.parametrize("attempt", range(5))
@pytest.mark.parametrize("how", ["id", "key"])
def test_of_equal_saves_at_once_one_is_new(learner: Learner, how: str, attempt: int) -> None:
    headers = {"Idempotency-Key": "k"} if how == "key" else {}
    body = content() if how == "key" else content(session_result_id=str(uuid4()))
    saves = at_once(
        *(lambda phone=phone: phone.try_save(body, **headers) for phone in clones(learner, 8))
    )
    assert Counter(save.status_code for save in saves) == {201: 1, 200: 7}
    assert len({save.get_json()["created_at"] for save in saves}) == 1
    assert learner.count() == 1


def test_of_different_saves_under_one_id_one_wins(learner: Learner) -> None:
    session_id = str(uuid4())
    saves = at_once(
        *(
            lambda phone=phone, n=n: phone.try_save(
                content(session_result_id=session_id, duration_seconds=n)
            )
            for n, phone in enumerate(clones(learner, 6))
        )
    )
    assert Counter(save.status_code for save in saves) == {201: 1, 409: 5}
    (winner,) = [stored(save.get_json()) for save in saves if save.status_code == 201]
    assert learner.get("/history")["sessions"] == [winner]


def test_overlapping_batches_at_once_store_each_session_once(learner: Learner) -> None:
    ids = [str(uuid4()) for _ in range(30)]

    def send(phone: Learner, part: list[str]) -> Any:
        items = [content(session_result_id=session_id) for session_id in part]
        return phone.request("POST", "/api/sessions/batch", json={"sessions": items})

    parts = [ids[:20], ids[10:], ids[::-1], ids]
    answers = at_once(
        *(
            lambda phone=phone, part=part: send(phone, part)
            for phone, part in zip(clones(learner, 4), parts, strict=True)
        )
    )
    assert [answer.status_code for answer in answers] == [200] * 4
    assert sum(answer.get_json()["created"] for answer in answers) == 30
    assert sum(answer.get_json()["rejected"] for answer in answers) == 0
    assert learner.count() == 30


@pytest.mark.parametrize("attempt", range(10))
def test_two_corrections_at_once_both_survive(learner: Learner, attempt: int) -> None:
    stored = learner.save(completed_at="2026-03-01T23:30:00Z")
    path = f"/api/sessions/{stored['session_result_id']}"
    changes: list[dict[str, Any]] = [
        {"grammar_score": 90},
        {"timezone": "Asia/Tokyo"},
        {"completed_at": "2026-03-05T16:00:00Z"},
        {"topics": ["x"]},
    ]
    answers = at_once(
        *(
            lambda phone=phone, change=change: phone.request("PATCH", path, json=change)
            for phone, change in zip(clones(learner, 4), changes, strict=True)
        )
    )
    assert [answer.status_code for answer in answers] == [200] * 4
    now = learner.request("GET", path).get_json()
    assert (now["grammar_score"], now["timezone"], now["topics"]) == (90, "Asia/Tokyo", ["x"])
    assert now["completed_at"] == "2026-03-05T16:00:00.000000Z"
    assert now["practiced_on"] == "2026-03-06"


def rows(app: Flask, learner: Learner) -> tuple[int, int]:
    """Return the number of stored sessions, and of those that also have a tombstone."""
    with app.app_context(), db.engine.connect() as connection:
        return tuple(
            connection.execute(
                sa.text(
                    "SELECT count(*), count(d.deleted_at) FROM session_results s"
                    " LEFT JOIN deleted_sessions d USING (user_id, session_result_id)"
                    " WHERE s.user_id = :learner"
                ),
                {"learner": learner.id},
            ).one()
        )


@pytest.mark.parametrize("attempt", range(25))
def test_a_save_racing_a_delete_of_its_id_leaves_no_row_beside_a_tombstone(
    app: Flask, learner: Learner, attempt: int
) -> None:
    body = content(session_result_id=str(uuid4()))
    path = f"/api/sessions/{body['session_result_id']}"
    learner.try_save(body)
    first, second, third = clones(learner, 3)
    saved, deleted, again = at_once(
        lambda: first.try_save(body).status_code,
        lambda: second.request("DELETE", path).status_code,
        lambda: third.try_save(body).status_code,
    )
    assert deleted == 204
    assert {saved, again} <= {200, 410}
    assert rows(app, learner) == (0, 0)


@pytest.mark.parametrize("attempt", range(25))
def test_a_save_racing_an_erasure_never_survives_it(
    app: Flask, learner: Learner, attempt: int
) -> None:
    learner.save()
    before = datetime.now(UTC).isoformat()
    first, second, third = clones(learner, 3)
    saved, erased, batch = at_once(
        lambda: first.try_save(content(completed_at=before)).status_code,
        lambda: second.request("DELETE", "/api/sessions?confirm=true").status_code,
        lambda: (
            third.request(
                "POST",
                "/api/sessions/batch",
                json={"sessions": [content(completed_at=before) for _ in range(5)]},
            ).status_code
        ),
    )
    assert saved in (201, 410)
    assert (erased, batch) == (200, 200)
    assert rows(app, learner) == (0, 0)


def hold(app: Flask, learner: Learner) -> sa.Connection:
    """Return a connection that holds a learner's lock until it is rolled back."""
    with app.app_context():
        connection = db.engine.connect().execution_options(isolation_level="READ COMMITTED")
    connection.exec_driver_sql(locks.acquire(learner.id))
    return connection


def test_every_write_waits_for_the_learners_others(app: Flask, learner: Learner) -> None:
    path = f"/api/sessions/{learner.save()['session_result_id']}"
    actions: dict[str, Callable[[Learner], Any]] = {
        "save": lambda phone: phone.try_save(content()),
        "patch": lambda phone: phone.request("PATCH", path, json={"words_spoken": 1}),
        "delete": lambda phone: phone.request("DELETE", path),
        "erase": lambda phone: phone.request("DELETE", "/api/sessions?confirm=true"),
    }
    for name, action in actions.items():
        connection = hold(app, learner)
        phone = Learner(app, learner.id)
        thread = threading.Thread(target=action, args=(phone,))
        thread.start()
        thread.join(timeout=0.5)
        waited = thread.is_alive()
        connection.rollback()
        connection.close()
        thread.join(timeout=10)
        assert waited, name


def test_a_stuck_lock_stops_its_learner_only_for_a_moment(app: Flask, learner: Learner) -> None:
    connection = hold(app, learner)
    stuck = learner.try_save(content())
    connection.rollback()
    connection.close()
    assert stuck.status_code == 503
    assert "busy" in stuck.get_json()["detail"]
    assert stuck.headers["Retry-After"]
    assert learner.save()


def test_the_same_batch_in_other_orders_at_once_never_deadlocks(learner: Learner) -> None:
    items = [content(session_result_id=str(uuid4())) for _ in range(60)]

    def send(phone: Learner, seed: int) -> Any:
        shuffled = random.Random(seed).sample(items, len(items))
        return phone.request("POST", "/api/sessions/batch", json={"sessions": shuffled})

    phones = enumerate(clones(learner, 6))
    answers = at_once(*(lambda phone=phone, seed=seed: send(phone, seed) for seed, phone in phones))
    assert [answer.status_code for answer in answers] == [200] * 6
    assert sum(answer.get_json()["created"] for answer in answers) == 60


def test_learners_do_not_wait_for_each_other(app: Flask, learner: Learner, other: Learner) -> None:
    connection = hold(app, learner)
    assert other.save()
    connection.rollback()
    connection.close()


def test_a_save_that_waits_for_an_uncommitted_delete_sees_it(app: Flask, learner: Learner) -> None:
    """ON CONFLICT and tombstones alone do not close this gap; the test keeps the delete uncommitted."""
    body = content(session_result_id=str(uuid4()))
    learner.try_save(body)
    connection = hold(app, learner)
    for statement in (
        "INSERT INTO deleted_sessions SELECT user_id, session_result_id, now() FROM session_results",
        "DELETE FROM session_results",
    ):
        connection.execute(sa.text(statement))
    answers: list[int] = []
    phone = Learner(app, learner.id)
    thread = threading.Thread(target=lambda: answers.append(phone.try_save(body).status_code))
    thread.start()
    thread.join(timeout=0.5)
    connection.commit()
    connection.close()
    thread.join(timeout=10)
    assert answers == [410]
    assert rows(app, learner) == (0, 0)
