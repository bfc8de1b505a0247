"""One session: show, correct, delete."""

from typing import Any
from uuid import uuid4

import pytest
from werkzeug.test import TestResponse

from tests.factories import Learner, content, pointers
from tests.factories import stored as session_of


def path(session: dict[str, Any]) -> str:
    return f"/api/sessions/{session['session_result_id']}"


def patch(learner: Learner, session: dict[str, Any], **changes: Any) -> TestResponse:
    return learner.request("PATCH", path(session), json=changes)


def test_a_session_can_be_shown(learner: Learner) -> None:
    stored = learner.save(topics=["x"])
    assert learner.request("GET", path(stored)).get_json() == stored
    shouted = f"/api/sessions/{stored['session_result_id'].upper()}"
    assert learner.request("GET", shouted).get_json() == stored


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_another_learners_session_is_404_as_one_that_never_was(
    learner: Learner, other: Learner, method: str
) -> None:
    theirs = other.save()
    options = {"json": {"words_spoken": 5}} if method == "PATCH" else {}
    never = {"session_result_id": str(uuid4())}
    answers = [learner.request(method, path(session), **options) for session in (theirs, never)]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].get_json() == answers[1].get_json()
    assert other.request("GET", path(theirs)).get_json() == theirs


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_an_id_that_is_no_uuid_is_404(learner: Learner, method: str) -> None:
    assert learner.request(method, "/api/sessions/12", json={}).status_code == 404


def test_a_late_score_changes_nothing_else(learner: Learner) -> None:
    stored = learner.save(topics=["x"], fluency_score=50, metadata={"a": 1})
    corrected = session_of(patch(learner, stored, grammar_score=88.5).get_json())
    assert corrected["grammar_score"] == 88.5
    assert corrected["updated_at"] > stored["updated_at"]
    assert corrected["version"] > stored["version"]
    same = stored.keys() - {"grammar_score", "updated_at", "version"}
    assert {name: corrected[name] for name in same} == {name: stored[name] for name in same}
    assert learner.request("GET", path(stored)).get_json() == corrected


def test_every_field_of_a_save_can_be_corrected(learner: Learner) -> None:
    stored = learner.save(fluency_score=50, topics=["a", "b"], metadata={"a": 1, "b": 2})
    changes = {
        "session_type": "roleplay",
        "duration_seconds": 5,
        "words_spoken": 6,
        "pronunciation_score": 7.5,
        "fluency_score": None,
        "grammar_score": 8,
        "topics": ["c"],
        "vocabulary_learned": ["d"],
        "areas_to_improve": [],
        "metadata": {"c": 3},
        "timezone": "Asia/Tokyo",
    }
    corrected = patch(learner, stored, **changes).get_json()
    assert {name: corrected[name] for name in changes} == changes


def test_the_day_follows_its_instant_and_its_zone(learner: Learner) -> None:
    stored = learner.save(completed_at="2026-03-01T23:30:00Z")
    assert stored["practiced_on"] == "2026-03-01"
    assert patch(learner, stored, timezone="Asia/Tokyo").get_json()["practiced_on"] == "2026-03-02"
    moved = patch(learner, stored, completed_at="2026-03-05T16:00:00Z").get_json()
    assert (moved["practiced_on"], moved["timezone"]) == ("2026-03-06", "Asia/Tokyo")
    both = patch(learner, stored, completed_at="2026-02-01T00:30:00Z", timezone="UTC-01:00")
    assert both.get_json()["practiced_on"] == "2026-01-31"
    other = patch(learner, stored, words_spoken=5).get_json()
    assert other["practiced_on"] == "2026-01-31"


def test_null_resets_the_time_to_the_first_save_and_the_zone_to_its_offset(
    learner: Learner,
) -> None:
    stored = learner.save(completed_at="2026-03-01T23:30:00Z", timezone="Asia/Tokyo")
    timed = patch(learner, stored, completed_at="2026-03-01T23:30:00+02:00", timezone=None)
    assert (timed.get_json()["timezone"], timed.get_json()["practiced_on"]) == (
        "UTC+02:00",
        "2026-03-01",
    )
    reset = patch(learner, stored, completed_at=None, timezone=None).get_json()
    assert (reset["completed_at"], reset["timezone"]) == (stored["created_at"], "UTC")
    assert reset["practiced_on"] == stored["created_at"][:10]


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({}, "#"),
        ({"session_result_id": str(uuid4())}, "#/session_result_id"),
        ({"user_id": str(uuid4())}, "#/user_id"),
        ({"practiced_on": "2026-03-01"}, "#/practiced_on"),
        ({"created_at": "2026-03-01T00:00:00Z"}, "#/created_at"),
        ({"session_type": None}, "#/session_type"),
        ({"duration_seconds": -1}, "#/duration_seconds"),
        ({"topics": ["x" * 201]}, "#/topics/0"),
        ({"completed_at": "2099-01-01T00:00:00Z"}, "#/completed_at"),
        ({"completed_at": "1999-01-01T00:00:00Z"}, "#/completed_at"),
        ({"duration_seconds": None}, "#/duration_seconds"),
        ({"timezone": "Etc/Unknown"}, "#"),
        ({"grammar_score": 5, "fluency_score": 101}, "#/fluency_score"),
    ],
)
def test_a_broken_rule_corrects_nothing(learner: Learner, changes: dict, place: str) -> None:
    stored = learner.save()
    assert pointers(patch(learner, stored, **changes)) == [place]
    assert learner.request("GET", path(stored)).get_json() == stored


def test_a_deleted_session_is_gone_and_stays_gone(learner: Learner) -> None:
    stored = learner.save(session_result_id=str(uuid4()))
    assert learner.request("DELETE", path(stored)).status_code == 204
    assert learner.request("DELETE", path(stored)).status_code == 204
    assert learner.request("GET", path(stored)).status_code == 404
    assert patch(learner, stored, words_spoken=5).status_code == 404
    again = learner.try_save(content(session_result_id=stored["session_result_id"]))
    assert again.status_code == 410
    assert learner.count() == 0


def test_a_session_saved_by_key_stays_deleted_too(learner: Learner) -> None:
    key = {"Idempotency-Key": "k"}
    stored = learner.try_save(content(), **key).get_json()
    learner.request("DELETE", path(stored))
    assert learner.try_save(content(), **key).status_code == 410


def test_deleting_what_never_was_leaves_no_trace(learner: Learner) -> None:
    session_id = str(uuid4())
    assert learner.request("DELETE", f"/api/sessions/{session_id}").status_code == 404
    assert learner.try_save(content(session_result_id=session_id)).status_code == 201


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_one_session_takes_no_query_parameter(learner: Learner, method: str) -> None:
    stored = learner.save()
    assert pointers(learner.request(method, f"{path(stored)}?confirm=true")) == ["confirm"]
    assert learner.count() == 1


@pytest.mark.parametrize("offset", ["-16:00", "+23:59", "-23:59"])
def test_any_offset_that_a_save_takes_can_be_a_correction(learner: Learner, offset: str) -> None:
    stored = learner.save()
    at = f"2026-03-05T12:00:00{offset}"
    corrected = patch(learner, stored, completed_at=at)
    assert corrected.status_code == 200
    saved = learner.save(completed_at=at)
    assert corrected.get_json()["completed_at"] == saved["completed_at"]


def test_a_correction_that_changes_nothing_leaves_updated_at(learner: Learner) -> None:
    sent = {
        "duration_seconds": 300,
        "fluency_score": 70.0,
        "topics": ["a"],
        "metadata": {"a": [1, True]},
        "completed_at": "2026-03-05T12:00:00+01:00",
        "timezone": "Europe/Berlin",
    }
    stored = learner.save(**sent)
    same = {**sent, "fluency_score": 70, "completed_at": stored["completed_at"]}
    for changes in (same, {"metadata": {"a": [1.0, True]}}, {"topics": [" a "]}):
        assert session_of(patch(learner, stored, **changes).get_json()) == stored
    other = patch(learner, stored, metadata={"a": [1, 1]}).get_json()
    assert other["metadata"] == {"a": [1, 1]}
    assert other["updated_at"] > stored["updated_at"]


def test_nothing_is_corrected_to_before_an_erasure(learner: Learner) -> None:
    learner.save()
    learner.request("DELETE", "/api/sessions?confirm=true")
    stored = learner.save()
    moved = patch(learner, stored, completed_at="2026-03-05T12:00:00Z", words_spoken=7)
    assert moved.status_code == 410
    assert learner.request("GET", path(stored)).get_json() == stored
    assert patch(learner, stored, completed_at=stored["completed_at"]).status_code == 200
