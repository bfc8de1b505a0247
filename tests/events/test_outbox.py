"""Which changes write which events, and that nothing is executed where nobody asks for them."""

from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.clock import ago
from tests.factories import Learner, content
from tests.postgres import transaction
from tests.privacy.test_operator import close, run
from tests.statements import recorded, statements
from vorex_sessions import create_app
from vorex_sessions.hooks.rebuild import rebuild


def stored(app: Flask, learner: Learner | None = None) -> list[Any]:
    """The events of a learner, oldest first."""
    with app.app_context(), transaction() as connection:
        rows = connection.execute(sa.text("SELECT * FROM events ORDER BY id")).all()
    return [row for row in rows if learner is None or str(row.user_id) == learner.id]


def types(app: Flask, learner: Learner) -> list[str]:
    return [row.type for row in stored(app, learner)]


def only_sessions(app: Flask, learner: Learner) -> list[tuple[str, str, int]]:
    return [
        (row.type, str(row.session_result_id), row.version)
        for row in stored(app, learner)
        if row.type.startswith("session.")
    ]


def queued(app: Flask) -> int:
    with app.app_context(), transaction() as connection:
        return int(connection.execute(sa.text("SELECT count(*) FROM event_queues")).scalar_one())


def test_without_a_setting_no_change_executes_or_stores_anything_for_events(
    app: Flask, learner: Learner
) -> None:
    first = learner.save()
    with recorded(app) as sent:
        learner.save()
        items = {"sessions": [content(), content()]}
        assert learner.request("POST", "/api/sessions/batch", json=items).status_code == 200
        path = f"/api/sessions/{first['session_result_id']}"
        assert learner.request("PATCH", path, json={"words_spoken": 7}).status_code == 200
        assert learner.request("DELETE", path).status_code == 204
    assert not [one for one in statements(sent) if "events" in one or "event_queues" in one]
    assert stored(app) == []


def test_every_change_of_a_session_is_an_event_with_its_version(pulling: Flask) -> None:
    learner = Learner(pulling)
    session = learner.save()
    name = session["session_result_id"]
    path = f"/api/sessions/{name}"
    corrected = learner.request("PATCH", path, json={"words_spoken": 7}).get_json()
    learner.request("DELETE", path)
    deleted = learner.get("/changes")["changes"][0]["version"]
    assert only_sessions(pulling, learner) == [
        ("session.saved", name, session["version"]),
        ("session.corrected", name, corrected["version"]),
        ("session.deleted", name, deleted),
    ]


def test_a_save_with_a_destination_sends_no_more_texts_than_without(
    app: Flask, pushing: Flask
) -> None:
    learner = Learner(pushing)
    learner.save()
    with recorded(pushing) as sent:
        learner.save()
    assert len(sent) == 2


def test_what_changes_nothing_is_no_event(pulling: Flask) -> None:
    learner = Learner(pulling)
    body = content(session_result_id=str(uuid4()))
    assert learner.try_save(body).status_code == 201
    before = stored(pulling)
    assert learner.try_save(body).status_code == 200
    assert learner.try_save({**body, "duration_seconds": 1}).status_code == 409
    path = f"/api/sessions/{body['session_result_id']}"
    assert learner.request("PATCH", path, json={"duration_seconds": 300}).status_code == 200
    assert learner.request("PATCH", path, json={"duration_seconds": -1}).status_code == 422
    assert learner.request("DELETE", f"/api/sessions/{uuid4()}").status_code == 404
    assert stored(pulling) == before
    for _ in range(2):
        assert learner.request("DELETE", path).status_code == 204
    assert types(pulling, learner).count("session.deleted") == 1


def test_a_batch_is_one_event_for_each_session_that_is_new(pulling: Flask) -> None:
    learner = Learner(pulling)
    old = content(session_result_id=str(uuid4()))
    learner.try_save(old)
    items = [content(), old, content(duration_seconds=-1), content()]
    answer = learner.request("POST", "/api/sessions/batch", json={"sessions": items}).get_json()
    created = [one["session"] for one in answer["results"] if one["status"] == "created"]
    assert len(created) == 2
    wanted = [("session.saved", one["session_result_id"], one["version"]) for one in created]
    assert sorted(only_sessions(pulling, learner)[1:]) == sorted(wanted)


def test_an_unlock_is_told_after_the_session_that_unlocked_it(pulling: Flask) -> None:
    learner = Learner(pulling)
    answer = learner.save_answer()
    saved, *unlocked = stored(pulling, learner)
    assert saved.type == "session.saved"
    keys = [one["key"] for one in answer["achievements_unlocked"]]
    assert keys
    assert sorted(one.data["achievement"] for one in unlocked) == sorted(keys)
    assert {str(one.session_result_id) for one in unlocked} == {answer["session_result_id"]}
    assert {one.type for one in unlocked} == {"achievement.unlocked"}


def test_a_rebuild_tells_what_it_unlocks(pulling: Flask) -> None:
    learner = Learner(pulling)
    learner.save()
    before = types(pulling, learner)
    with pulling.app_context():
        with transaction() as connection:
            connection.execute(sa.text("DELETE FROM learner_achievements"))
        rebuild(learner.id, everything=True)
        rebuild(learner.id, everything=True)
    unlocks = before.count("achievement.unlocked")
    assert types(pulling, learner)[len(before) :] == ["achievement.unlocked"] * unlocks != []


def test_an_import_is_told_as_such(pulling: Flask) -> None:
    learner, other = Learner(pulling), Learner(pulling)
    learner.save(completed_at=ago(2))
    exported = learner.get("/export")
    exported["sessions"][0]["user_id"] = other.id
    exported["user_id"] = other.id
    for _ in range(2):
        other.request("POST", "/api/sessions/import", json=exported)
    (saved,) = [one for one in stored(pulling, other) if one.type == "session.saved"]
    assert saved.data == {"imported": True}


def test_retention_tells_of_each_session_that_it_removes(
    app: Flask, settings: dict, pulling: Flask
) -> None:
    learner = Learner(pulling)
    for days in (31, 40, 1):
        learner.save(completed_at=ago(days))
    purging = create_app({**settings, "EVENTS": True, "SESSION_RETENTION_DAYS": 30})
    assert run(purging, "purge").startswith("Removed 2 sessions")
    deleted = [one for one in only_sessions(pulling, learner) if one[0] == "session.deleted"]
    kept = learner.get("/history")["sessions"][0]["session_result_id"]
    saved = {one[1] for one in only_sessions(pulling, learner)}
    assert {one[1] for one in deleted} == saved - {kept}
    assert {one[2] for one in deleted} == {4}
    run(purging, "purge")
    assert len([one for one in types(pulling, learner) if one == "session.deleted"]) == 2


@pytest.mark.parametrize("by", ["the learner", "the operator"])
def test_an_erasure_leaves_only_itself_in_the_outbox(
    pushing: Flask, other: Learner, by: str
) -> None:
    learner, other = Learner(pushing), Learner(pushing)
    for person in (learner, other):
        person.save()
    assert queued(pushing) == 2
    if by == "the learner":
        learner.request("DELETE", "/api/sessions?confirm=true")
    else:
        close(learner)
    assert types(pushing, learner) == ["learner.erased"]
    assert "session.saved" in types(pushing, other)
    assert queued(pushing) == 2


def test_an_erasure_without_events_leaves_no_row_of_when_they_were_kept(
    app: Flask, pushing: Flask
) -> None:
    learner = Learner(pushing)
    learner.save()
    Learner(app, learner.id).request("DELETE", "/api/sessions?confirm=true")
    assert (stored(app, learner), queued(app)) == ([], 0)
