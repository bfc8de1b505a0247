"""Saving once: ids from the app, idempotency keys, replays and conflicts."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import Learner, content, pointers, sendable, stored
from vorex_sessions.problems.validation import validation_problem
from vorex_sessions.sessions.fingerprint import fingerprint
from vorex_sessions.sessions.results import DEFAULTS

pytestmark = pytest.mark.one_and_several

FULL = content(
    words_spoken=120,
    pronunciation_score=85.5,
    topics=["travel"],
    metadata={"a": [1, {"b": None}]},
    completed_at="2026-03-01T18:30:00+01:00",
    timezone="Europe/Berlin",
)


def test_the_apps_own_id_is_kept(learner: Learner) -> None:
    session_id = str(uuid4()).upper()
    response = learner.try_save({**FULL, "session_result_id": session_id})
    assert response.status_code == 201
    assert response.get_json()["session_result_id"] == session_id.lower()
    assert response.headers["Location"].endswith(session_id.lower())
    assert "Idempotency-Replayed" not in response.headers


@pytest.mark.parametrize("value", ["", "x", 5, "{9b2f4f0e-52b0-4b1c-8b54-0d6c2a1e6a11}", "9b2f"])
def test_an_id_that_is_no_uuid_is_refused(learner: Learner, value: Any) -> None:
    assert pointers(learner.try_save(content(session_result_id=value))) == ["#/session_result_id"]


def test_an_id_that_is_null_goes_together_with_a_key(learner: Learner) -> None:
    first = learner.try_save({**FULL, "session_result_id": None}, **{"Idempotency-Key": "k"})
    again = learner.try_save(FULL, **{"Idempotency-Key": "k"})
    assert (first.status_code, again.status_code) == (201, 200)


@pytest.mark.parametrize("how", ["id", "key"])
def test_the_same_again_is_200_and_stores_nothing(learner: Learner, how: str) -> None:
    body, headers = as_sent(how)
    first = learner.try_save(body, **headers)
    again = learner.try_save(body, **headers)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.headers["Location"] == first.headers["Location"]
    assert again.get_json() == first.get_json()
    assert learner.count() == 1


def as_sent(how: str, **overrides: Any) -> tuple[dict, dict]:
    """Return a body and headers with an id or a key."""
    if how == "key":
        return {**FULL, **overrides}, {"Idempotency-Key": "a key"}
    session_id = "3f0c9f6e-7a41-4c54-9f0b-2f6d5f3f7f10"
    return {**FULL, "session_result_id": session_id, **overrides}, {}


@pytest.mark.parametrize(("how", "status"), [("id", 409), ("key", 422)])
def test_other_content_changes_nothing(learner: Learner, how: str, status: int) -> None:
    body, headers = as_sent(how)
    first = learner.try_save(body, **headers).get_json()
    body, headers = as_sent(how, duration_seconds=301)
    refused = learner.try_save(body, **headers)
    assert refused.status_code == status
    assert refused.get_json()["type"] == (
        "/problems/conflict" if how == "id" else "/problems/idempotency-key-reused"
    )
    assert learner.get("/history")["sessions"] == [stored(first)]


@pytest.mark.parametrize(
    "again",
    [
        {"fluency_score": None, "vocabulary_learned": [], "areas_to_improve": ["", " "]},
        {"topics": [" travel ", "Travel", ""]},
        {"words_spoken": 120.0, "pronunciation_score": 85.50},
        {"metadata": {"a": [1.0, {"b": None}]}},
        {"completed_at": "2026-03-01T17:30:00Z"},
        {"completed_at": "2026-03-01T12:30:00.000000-05:00"},
    ],
)
def test_the_same_said_otherwise_is_the_same(learner: Learner, again: dict) -> None:
    body, _ = as_sent("id")
    learner.try_save(body)
    assert learner.try_save({**body, **again}).status_code == 200


@pytest.mark.parametrize(
    "again",
    [
        {"topics": ["travel", "x"]},
        {"topics": []},
        {"words_spoken": 0},
        {"grammar_score": 0},
        {"metadata": {}},
        {"metadata": {"a": [1, {"b": None}], "c": None}},
        {"metadata": {"a": [True, {"b": None}]}},
        {"metadata": {"a": ["1", {"b": None}]}},
        {"timezone": "Europe/Paris"},
        {"completed_at": "2026-03-01T18:30:00.000001+01:00"},
        {"session_type": "roleplay"},
    ],
)
def test_the_least_difference_is_another_content(learner: Learner, again: dict) -> None:
    body, _ = as_sent("id")
    learner.try_save(body)
    assert learner.try_save({**body, **again}).status_code == 409


def test_a_default_zone_spelt_out_is_the_same(learner: Learner) -> None:
    body = content(session_result_id=str(uuid4()), completed_at="2026-03-01T12:00:00+02:00")
    learner.try_save(body)
    assert learner.try_save({**body, "timezone": "UTC+02:00"}).status_code == 200
    assert learner.try_save({**body, "timezone": "UTC"}).status_code == 409


def test_without_an_instant_a_replay_a_day_later_is_still_one(learner: Learner) -> None:
    body = content(session_result_id=str(uuid4()))
    with time_machine.travel(datetime(2026, 3, 1, 12, tzinfo=UTC), tick=False):
        first = learner.try_save(body).get_json()
    with time_machine.travel(datetime(2026, 3, 2, 12, tzinfo=UTC), tick=False):
        again = learner.try_save({**body, "timezone": "UTC"})
    assert again.status_code == 200
    assert stored(again.get_json()) == stored(first)


def test_a_replay_after_a_late_score_shows_the_session_as_it_is_now(learner: Learner) -> None:
    body, _ = as_sent("id")
    first = learner.try_save(body).get_json()
    path = f"/api/sessions/{first['session_result_id']}"
    patched = learner.request("PATCH", path, json={"grammar_score": 91, "topics": ["x"]}).get_json()
    again = learner.try_save(body)
    assert again.status_code == 200
    assert stored(again.get_json()) == stored(patched)
    assert again.get_json()["grammar_score"] == 91


def test_what_the_service_answered_is_the_same_content(learner: Learner) -> None:
    """Whatever was left out at first, and whatever was corrected since."""
    for sent in (
        content(),
        {**FULL, "timezone": None},
        content(completed_at="2026-03-01T18:30:00-16:00"),
    ):
        body = {name: value for name, value in sent.items() if value is not None}
        first = learner.try_save(body).get_json()
        assert_replay(learner, first)
        path = f"/api/sessions/{first['session_result_id']}"
        changes = {
            "grammar_score": 91,
            "topics": ["x"],
            "completed_at": "2026-03-02T18:30:00+01:00",
        }
        assert learner.request("PATCH", path, json=changes).status_code == 200
        now = learner.request("GET", path).get_json()
        assert_replay(learner, now)
        if "completed_at" in body:
            assert_replay(learner, {**body, "session_result_id": first["session_result_id"]}, now)
        older = learner.try_save(sendable(first))
        assert older.status_code == 409
    assert learner.count() == 3


def assert_replay(learner: Learner, session: dict, now: dict | None = None) -> None:
    again = learner.try_save(sendable(session))
    assert (again.status_code, again.headers["Idempotency-Replayed"]) == (200, "true")
    assert stored(again.get_json()) == stored(now or session)


def test_what_the_service_answered_is_a_replay_by_key_and_in_a_batch(learner: Learner) -> None:
    key = {"Idempotency-Key": "a key"}
    first = learner.try_save(content(), **key).get_json()
    answered = sendable(first)
    by_id = {name: value for name, value in answered.items() if name != "session_result_id"}
    assert learner.try_save(by_id, **key).status_code == 200
    assert learner.try_save({**by_id, "words_spoken": 1}, **key).status_code == 422
    late = content(session_result_id=str(uuid4()), completed_at="2026-03-01T18:30:00+01:00")
    utc = {**late, "completed_at": "2026-03-01T17:30:00Z", "timezone": "UTC+01:00"}
    items = [answered, late, utc, {**utc, "words_spoken": 1}]
    answer = learner.request("POST", "/api/sessions/batch", json={"sessions": items}).get_json()
    statuses = [result["status"] for result in answer["results"]]
    assert statuses == ["replayed", "created", "replayed", "rejected"]
    assert (
        answer["results"][1]["achievements_unlocked"]
        == answer["results"][2]["achievements_unlocked"]
    )


def test_one_id_serves_two_learners_independently(learner: Learner, other: Learner) -> None:
    body, _ = as_sent("id")
    assert learner.try_save(body).status_code == 201
    assert other.try_save({**body, "duration_seconds": 5}).status_code == 201
    assert learner.try_save(body).status_code == 200
    other.request("DELETE", f"/api/sessions/{body['session_result_id']}")
    assert learner.count() == 1


def test_a_key_is_private_to_its_learner(learner: Learner, other: Learner) -> None:
    body, headers = as_sent("key")
    session_id = learner.try_save(body, **headers).get_json()["session_result_id"]
    theirs = other.try_save(body, **headers)
    assert theirs.status_code == 201
    assert theirs.get_json()["session_result_id"] != session_id


@pytest.mark.parametrize(
    ("one", "two", "same"),
    [
        ("abc", '"abc"', True),
        ('"a\\"b\\\\c"', '"a\\"b\\\\c"', True),
        ("abc", " abc ", True),
        ("abc", "ABC", False),
        ("a b", "a  b", False),
        ("x" * 255, '"' + "x" * 255 + '"', True),
    ],
)
def test_keys_come_with_or_without_quotes(learner: Learner, one: str, two: str, same: bool) -> None:
    first = learner.try_save(FULL, **{"Idempotency-Key": one})
    second = learner.try_save(FULL, **{"Idempotency-Key": two})
    assert first.status_code == 201
    assert second.status_code == (200 if same else 201)


@pytest.mark.parametrize("key", ["", '""', "x" * 256, '"' + "x" * 256 + '"', "ü", "tab\tbed"])
def test_an_unusable_key_is_refused(learner: Learner, key: str) -> None:
    response = learner.try_save(FULL, **{"Idempotency-Key": key})
    assert response.status_code == 422
    assert response.get_json()["errors"][0]["header"] == "Idempotency-Key"
    assert learner.count() == 0


def test_an_id_and_a_key_at_once_are_refused(learner: Learner) -> None:
    body, _ = as_sent("id")
    response = learner.try_save(body, **{"Idempotency-Key": "a"})
    assert pointers(response) == ["#/session_result_id"]


def test_a_broken_rule_comes_before_what_is_stored(learner: Learner) -> None:
    body, _ = as_sent("id")
    learner.try_save(body)
    assert learner.try_save({**body, "duration_seconds": -1}).status_code == 422


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(-1e9, 1e9) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


def canonical(value: Any) -> Any:
    """Return equal values for equal JSON: numbers compare by value, all else by type and value."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return (type(value).__name__, value)
    if isinstance(value, int | float):
        return ("number", float(value))
    if isinstance(value, list):
        return ("list", [canonical(inner) for inner in value])
    return ("object", sorted((name, canonical(inner)) for name, inner in value.items()))


@given(st.tuples(JSON, JSON))
def test_fingerprints_agree_exactly_where_contents_do(values: tuple[Any, Any]) -> None:
    first, second = (fingerprint(content(metadata={"x": value}), DEFAULTS) for value in values)
    assert (first == second) == (canonical(values[0]) == canonical(values[1]))
    assert len(first) == 16


def test_fingerprints_never_change() -> None:
    """Fingerprints are stored: if they changed, no replay of an earlier save would be recognised."""
    fields = content(
        topics=["travel"], fluency_score=80.5, completed_at=datetime(2026, 3, 1, tzinfo=UTC)
    )
    assert fingerprint(content(), DEFAULTS).hex() == STORED_FINGERPRINTS[0]
    assert fingerprint(fields, DEFAULTS).hex() == STORED_FINGERPRINTS[1]


STORED_FINGERPRINTS = ("9fd2e1330a149436cbb8ca5bf3bd41ce", "e6b6d955aacea365257b89d55e172402")


def test_ids_from_keys_never_change(learner: Learner) -> None:
    fixed = Learner(learner.app, "9b2f4f0e-52b0-4b1c-8b54-0d6c2a1e6a11")
    response = fixed.try_save(FULL, **{"Idempotency-Key": "a key"})
    assert UUID(response.get_json()["session_result_id"]) == UUID(
        "d3dd32d6-5dfd-5616-b915-3d2c3ab4c9dd"
    )


def test_a_problem_of_several_places_counts_them() -> None:
    problem = validation_problem({"a": ["is wrong"], "b": {0: ["is wrong", "is worse"]}})
    assert problem.detail == "a is wrong (2 more in `errors`)."
    assert [error["pointer"] for error in problem.errors] == ["#/a", "#/b/0", "#/b/0"]
