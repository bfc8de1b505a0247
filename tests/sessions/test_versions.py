"""The learner's versions, and changes that depend on them by If-Match."""

from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from tests.factories import Learner, content, sendable
from tests.growth.test_projection import derived_rows
from tests.postgres import transaction
from tests.sessions.test_changes import Device, stored
from tests.sessions.test_races import at_once, clones
from tests.web.test_conditional import ask


def patch(
    learner: Learner, session: Any, expected: str | None = None, **change: Any
) -> TestResponse:
    path = f"/api/sessions/{session['session_result_id']}"
    headers = {"If-Match": expected} if expected is not None else {}
    return learner.request("PATCH", path, json=change or {"words_spoken": 7}, headers=headers)


def delete(learner: Learner, session: Any, expected: str | None = None) -> TestResponse:
    path = f"/api/sessions/{session['session_result_id']}"
    headers = {"If-Match": expected} if expected is not None else {}
    return learner.request("DELETE", path, headers=headers)


def counter(app: Flask, learner: Learner) -> int:
    """The learner's version."""
    with app.app_context(), transaction() as connection:
        text = sa.text("SELECT version FROM learner_versions WHERE user_id = :id")
        return int(connection.execute(text, {"id": learner.id}).scalar() or 0)


def everything(app: Flask, learner: Learner) -> Any:
    """All that is stored of a learner."""
    return (stored(learner), counter(app, learner), derived_rows(app, learner))


STALE = [
    '"0"',
    '"1"',
    '"1", "3"',
    'W/"2"',
    'W/"2", "7"',
    '"2',
    "",
    '""',
    "x",
    '"02"',
    '"2.0"',
    '"é"',
    '"' + "9" * 5000 + '"',
]
FRESH = ["*", '"2"', '"1", "2"', '"2","2"', 'W/"2", "2"', ' "2" ']


@pytest.mark.parametrize("header", STALE, ids=range(len(STALE)))
def test_who_knows_another_version_changes_nothing(
    app: Flask, learner: Learner, header: str
) -> None:
    session = learner.save()
    session = patch(learner, session, words_spoken=5).get_json()
    assert session["version"] == 2
    before = everything(app, learner)
    for answer in (patch(learner, session, header), delete(learner, session, header)):
        assert answer.status_code == 412
        problem = answer.get_json(force=True)
        assert (problem["type"], problem["status"]) == ("/problems/changed-meanwhile", 412)
        assert "ETag" not in answer.headers
    assert everything(app, learner) == before


@pytest.mark.parametrize("header", FRESH)
def test_who_knows_this_version_changes_it(learner: Learner, header: str) -> None:
    session = patch(learner, learner.save(), words_spoken=5).get_json()
    answer = patch(learner, session, header)
    assert (answer.status_code, answer.headers["ETag"]) == (200, '"3"')
    assert delete(learner, session, header.replace("2", "3")).status_code == 204


def test_a_correction_whose_answer_was_lost_can_be_repeated(app: Flask, learner: Learner) -> None:
    session = learner.save()
    first = patch(learner, session, '"1"')
    again = patch(learner, session, '"1"')
    assert (first.status_code, again.status_code, again.headers["ETag"]) == (200, 200, '"2"')
    assert counter(app, learner) == 2
    assert patch(learner, session, '"1"', words_spoken=8).status_code == 412


def test_a_deletion_can_be_repeated_and_nothing_else_is_412(
    learner: Learner, other: Learner
) -> None:
    session, foreign = learner.save(), other.save()
    assert [delete(learner, session, '"1"').status_code for _ in range(2)] == [204, 204]
    assert delete(learner, session, '"9"').status_code == 204
    assert patch(learner, session, '"1"').status_code == 404
    assert patch(learner, foreign, '"1"').status_code == 404
    assert delete(learner, foreign, '"9"').status_code == 404


@pytest.mark.parametrize("attempt", range(3))
def test_of_edits_at_once_exactly_one_wins(app: Flask, learner: Learner, attempt: int) -> None:
    session = learner.save()
    phones = clones(learner, 4)
    edits = [
        lambda phone=phone, number=number: patch(phone, session, '"1"', words_spoken=100 + number)
        for number, phone in enumerate(phones[:-1])
    ]
    answers = at_once(*edits, lambda: delete(phones[-1], session, '"1"'))
    won = [answer for answer in answers if answer.status_code in (200, 204)]
    assert len(won) == 1
    assert {answer.status_code for answer in answers} <= {200, 204, 404, 412}
    assert counter(app, learner) == 2


def test_the_version_grows_with_each_change_and_with_nothing_else(
    app: Flask, learner: Learner
) -> None:
    seen = [0]

    def changed(answer: TestResponse, *, by: int) -> TestResponse:
        assert answer.status_code < 300, answer.text
        seen.append(counter(app, learner))
        assert seen[-1] == seen[-2] + by
        return answer

    answer = changed(
        learner.try_save(content(session_result_id="a" * 8 + "-0000-4000-8000-000000000000")), by=1
    )
    session = answer.get_json()
    assert (session["version"], answer.headers["ETag"]) == (1, '"1"')
    replay = changed(learner.try_save(sendable(session)), by=0)
    assert (replay.status_code, replay.headers["ETag"]) == (200, '"1"')
    shown = changed(learner.request("GET", f"/api/sessions/{session['session_result_id']}"), by=0)
    assert (shown.get_json()["version"], shown.headers["ETag"]) == (1, '"1"')
    changed(patch(learner, session, duration_seconds=300), by=0)
    assert changed(patch(learner, session), by=1).headers["ETag"] == '"2"'
    batch = {"sessions": [content(), content()]}
    results = changed(learner.request("POST", "/api/sessions/batch", json=batch), by=1)
    assert [one["session"]["version"] for one in results.get_json()["results"]] == [3, 3]
    second = learner.save()
    seen.append(counter(app, learner))
    assert second["version"] == 4
    changed(delete(learner, second), by=1)
    changed(delete(learner, second), by=0)
    changed(learner.request("DELETE", "/api/sessions?confirm=true"), by=1)
    assert learner.save()["version"] > 6 - 1


PATHS = ("/api/sessions/history", "/api/sessions/stats", "/api/sessions/warmup")
# What the release before writes: it knows no version.
INSERT = """
INSERT INTO session_results (user_id, session_result_id, session_type, duration_seconds, completed_at,
    timezone, practiced_on, fingerprint, language)
SELECT CAST(:id AS uuid), gen_random_uuid(), 'roleplay', 60, now(), 'UTC', current_date,
    decode(repeat('00', 16), 'hex'), 'en'
"""
UPDATE = """
UPDATE session_results SET words_spoken = words_spoken + 1 WHERE user_id = :id AND session_result_id = :one
"""
BURY = "INSERT INTO deleted_sessions (user_id, session_result_id, deleted_at) VALUES (:id, :one, now())"
DELETE = "DELETE FROM session_results WHERE user_id = :id AND session_result_id = :one"
ERASE = """
INSERT INTO erased_learners (user_id, erased_at) VALUES (:id, now())
ON CONFLICT (user_id) DO UPDATE SET erased_at = excluded.erased_at
"""


def test_no_device_misses_what_the_release_before_writes_meanwhile(
    app: Flask, learner: Learner
) -> None:
    sessions = [learner.save() for _ in range(3)]
    devices = [Device(learner, 1), Device(learner, 100)]
    tags: dict[str, str] = {}

    def write(*texts: str, one: Any = None) -> None:
        values = {"id": learner.id, "one": one and one["session_result_id"]}
        with app.app_context(), transaction() as connection:
            for text in texts:
                connection.execute(sa.text(text), values)
        assert all(
            ask(learner, path, tag).status_code == 200 for path, tag in tags.items() if texts
        )
        for path in PATHS:
            tags[path] = ask(learner, path).headers["ETag"]
        for device in devices:
            assert device.sync() == stored(learner)
        assert all(shown["version"] > 0 for shown in stored(learner).values())

    write()
    write(INSERT)
    write(UPDATE, one=sessions[0])
    write(UPDATE, UPDATE, one=sessions[0])
    write(BURY, DELETE, one=sessions[1])
    write(INSERT, INSERT, BURY, DELETE, one=sessions[2])
    devices.append(Device(learner))
    write(ERASE, "DELETE FROM session_results WHERE user_id = :id")
    write(INSERT)
    learner.save()
    write(UPDATE, one=learner.save())


def test_a_tombstone_of_the_release_before_alone_is_told_too(app: Flask, learner: Learner) -> None:
    session = learner.save()
    device = Device(learner)
    device.sync()
    with app.app_context(), transaction() as connection:
        values = {"id": learner.id, "one": session["session_result_id"]}
        connection.execute(sa.text(BURY), values)
        connection.execute(sa.text(DELETE), values)
    assert device.sync() == {}


def test_a_tag_ends_with_what_the_release_before_corrects(app: Flask, learner: Learner) -> None:
    session = learner.save()
    path = f"/api/sessions/{session['session_result_id']}"
    for _ in range(2):
        tag = ask(learner, path).headers["ETag"]
        with app.app_context(), transaction() as connection:
            values = {"id": learner.id, "one": session["session_result_id"]}
            connection.execute(sa.text(UPDATE), values)
        assert ask(learner, path, tag).status_code == 200
        assert patch(learner, session, tag).status_code == 412
