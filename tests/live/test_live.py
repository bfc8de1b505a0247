"""Practice that goes on: heartbeats, states, limits."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from flask import Flask

from tests.factories import Learner, content, pointers, sendable, token
from tests.live.practising import age, beat, begin, cancel, heartbeat, kept, live, new_id
from vorex_sessions import create_app
from vorex_sessions.live.service import MOST

FULL = {
    "language": "es",
    "timezone": "Europe/Berlin",
    "active_seconds": 31,
    "words_spoken": 12,
    "pronunciation_score": 81.5,
    "fluency_score": None,
    "grammar_score": 70,
    "topics": [" travel ", "Travel", "hotels"],
    "vocabulary_learned": ["reserva"],
    "metadata": {"scenario_id": "hotel"},
}


def test_a_heartbeat_starts_a_live_session_and_the_next_ones_carry_it_on(learner: Learner) -> None:
    session_id = new_id()
    first = beat(learner, session_id, 1, **FULL)
    assert first.status_code == 201
    started = first.get_json()
    assert (started["session_result_id"], started["state"]) == (session_id, "active")
    assert started["topics"] == ["travel", "hotels"]
    assert live(learner) == [started]
    second = beat(learner, session_id, 2, active_seconds=50, words_spoken=20)
    assert second.status_code == 200
    now = second.get_json()
    assert (now["active_seconds"], now["words_spoken"], now["topics"]) == (50, 20, [])
    assert now["started_at"] == started["started_at"]
    assert live(learner) == [now]


def test_what_is_left_out_or_null_has_its_default(learner: Learner) -> None:
    names = ["words_spoken", "topics", "metadata", "language", "timezone", "grammar_score"]
    started = "2026-03-01T10:00:00+05:30"
    with time_machine.travel(datetime.fromisoformat(started) + timedelta(minutes=2), tick=False):
        bare = beat(learner, new_id(), started_at=started).get_json()
        nulls = beat(learner, new_id(), started_at=started, **dict.fromkeys(names)).get_json()
    assert [bare[name] for name in names] == [0, [], {}, "en", "UTC+05:30", None]
    assert [nulls[name] for name in names] == [bare[name] for name in names]
    assert bare["started_at"] == "2026-03-01T04:30:00.000000Z"


def test_a_heartbeat_that_is_not_newer_changes_nothing(learner: Learner) -> None:
    session_id = begin(learner, seq=5, words_spoken=50)
    for seq in (5, 4, 0):
        answer = beat(learner, session_id, seq, words_spoken=999)
        assert answer.status_code == 200
        assert (answer.get_json()["seq"], answer.get_json()["words_spoken"]) == (5, 50)
    assert live(learner)[0]["words_spoken"] == 50


def test_heartbeats_of_another_learner_under_the_same_id_are_another_live_session(
    learner: Learner, other: Learner
) -> None:
    session_id = begin(learner, words_spoken=1)
    assert beat(other, session_id, words_spoken=2).status_code == 201
    assert cancel(other, session_id).status_code == 204
    assert [one["words_spoken"] for one in live(learner)] == [1]
    assert live(other) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("seq", -1),
        ("seq", 2**53),
        ("seq", "1"),
        ("active_seconds", -1),
        ("active_seconds", 86_401),
        ("active_seconds", None),
        ("started_at", "2026-03-01T10:00:00"),
        ("started_at", "1999-12-31T10:00:00Z"),
        ("session_type", "song"),
        ("words_spoken", 100_001),
        ("fluency_score", 101),
        ("topics", ["x" * 201]),
        ("vocabulary_learned", "x"),
        ("metadata", []),
        ("metadata", {"n": [1e308] * 53}),  # PostgreSQL writes 309 digits for each
        ("timezone", "Mars"),
        ("language", "English"),
        ("duration_seconds", 5),
        ("state", "active"),
    ],
)
def test_a_value_that_breaks_a_rule_is_named(learner: Learner, field: str, value: Any) -> None:
    answer = learner.request(
        "PUT", f"/api/sessions/live/{new_id()}", json=heartbeat(**{field: value})
    )
    assert {pointer.split("/")[1] for pointer in pointers(answer)} == {field}
    assert live(learner) == []


@pytest.mark.parametrize("field", ["session_type", "started_at", "seq", "active_seconds"])
def test_what_is_required_is_asked_for(learner: Learner, field: str) -> None:
    body = heartbeat()
    del body[field]
    answer = learner.request("PUT", f"/api/sessions/live/{new_id()}", json=body)
    assert pointers(answer) == [f"#/{field}"]


def test_a_start_is_at_most_a_day_ago_and_hardly_ahead(learner: Learner) -> None:
    now = datetime.now(UTC)
    for minutes, is_taken in ((4, True), (6, False), (-1439, True), (-1441, False)):
        started_at = (now + timedelta(minutes=minutes)).isoformat()
        answer = beat(learner, new_id(), started_at=started_at)
        assert answer.status_code == (201 if is_taken else 422), minutes
        assert is_taken or "server's time, which is" in answer.get_json(force=True)["detail"]


def test_a_session_may_be_live_for_longer_than_a_day(learner: Learner) -> None:
    session_id = begin(learner)
    age(learner, session_id, hours=23)
    started_at = (datetime.now(UTC) - timedelta(hours=24, minutes=30)).isoformat()
    answer = beat(learner, session_id, 2, started_at=started_at)
    assert answer.status_code == 200
    assert answer.get_json()["state"] == "active"


def test_a_body_has_at_most_16_kib(learner: Learner) -> None:
    path = f"/api/sessions/live/{new_id()}"
    body = heartbeat(metadata={"text": "x" * 16_000})
    assert learner.request("PUT", path, json=body).status_code == 201
    body = heartbeat(2, metadata={"text": "x" * 16_384})
    assert learner.request("PUT", path, json=body).status_code == 413


def test_states_change_with_time_alone(learner: Learner) -> None:
    start = datetime(2026, 3, 1, 12, tzinfo=UTC)
    with time_machine.travel(start, tick=False) as clock:
        begin(learner)
        seen = []
        for seconds in (119, 120, 1799, 1800, 86_399, 86_400):
            clock.move_to(start + timedelta(seconds=seconds), tick=False)
            seen.append([one["state"] for one in live(learner)])
    assert seen == [["active"], ["idle"], ["idle"], ["abandoned"], ["abandoned"], []]


def test_a_tag_ends_at_each_change_of_state(learner: Learner) -> None:
    start = datetime(2026, 3, 1, 12, 0, 0, 700_000, tzinfo=UTC)
    path = "/api/sessions/live"
    with time_machine.travel(start, tick=False) as clock:
        begin(learner)
        clock.move_to(start + timedelta(seconds=0.6), tick=False)  # the next second
        begin(learner)
        tag = learner.request("GET", path).headers["ETag"]
        for seconds, status in ((119, 304), (119.5, 200), (120, 304), (120.5, 200), (1000, 304)):
            clock.move_to(start + timedelta(seconds=seconds), tick=False)
            answer = learner.request("GET", path, headers={"If-None-Match": tag})
            assert answer.status_code == status, seconds
            tag = answer.headers["ETag"]


def test_a_heartbeat_changes_the_tag_of_what_is_live_and_of_nothing_else(learner: Learner) -> None:
    learner.save()
    session_id = begin(learner)
    paths = ["live", "export", "overview?include=stats,streak", "stats", "history", "warmup"]
    tags = {path: learner.request("GET", f"/api/sessions/{path}").headers["ETag"] for path in paths}
    beat(learner, session_id, 2)
    changed = {
        path
        for path, tag in tags.items()
        if learner.request(
            "GET", f"/api/sessions/{path}", headers={"If-None-Match": tag}
        ).status_code
        == 200
    }
    assert changed == {"live", "export"}


def test_what_is_gone_starts_anew(learner: Learner) -> None:
    session_id = begin(learner, seq=9)
    age(learner, session_id, hours=24, seconds=1)
    assert live(learner) == []
    answer = beat(learner, session_id, 1)
    assert answer.status_code == 201
    assert answer.get_json()["seq"] == 1
    assert len(live(learner)) == kept(learner) == 1


def test_a_save_ends_the_live_session_and_a_late_heartbeat_is_a_conflict(learner: Learner) -> None:
    session_id, other_id = begin(learner), begin(learner)
    learner.save(session_result_id=session_id)
    assert [one["session_result_id"] for one in live(learner)] == [other_id]
    answer = beat(learner, session_id, 2)
    assert answer.status_code == 409
    assert "saved already" in answer.get_json(force=True)["detail"]
    learner.request("DELETE", f"/api/sessions/{session_id}")
    assert beat(learner, session_id, 3).status_code == 410
    assert cancel(learner, session_id).status_code == 204
    assert kept(learner) == 1


def test_a_batch_and_an_import_end_live_sessions(learner: Learner) -> None:
    ids = [begin(learner) for _ in range(3)]
    items = [content(session_result_id=one) for one in ids[:2]]
    learner.request("POST", "/api/sessions/batch", json={"sessions": items})
    assert [one["session_result_id"] for one in live(learner)] == ids[2:]
    session = {**sendable(learner.save()), "session_result_id": ids[2]}
    learner.request("POST", "/api/sessions/import", json={"sessions": [session]})
    assert live(learner) == []


def test_a_refused_save_leaves_the_live_session(learner: Learner) -> None:
    session_id = begin(learner)
    learner.try_save(content(session_result_id=session_id, duration_seconds=-1))
    assert len(live(learner)) == 1


def test_a_cancelled_one_stays_cancelled_and_can_still_be_saved(learner: Learner) -> None:
    session_id = begin(learner, topics=["secret"])
    for _ in range(2):
        assert cancel(learner, session_id).status_code == 204
    assert live(learner) == []
    assert "secret" not in learner.request("GET", "/api/sessions/export").text
    late = beat(learner, session_id, 2)
    assert late.status_code == 410
    assert "cancelled" in late.get_json(force=True)["detail"]
    learner.save(session_result_id=session_id)
    assert kept(learner) == 0
    assert cancel(learner, session_id).status_code == 409
    assert cancel(learner, new_id()).status_code == 204


def test_a_first_heartbeat_that_arrives_after_its_cancel_starts_nothing(
    app: Flask, learner: Learner
) -> None:
    session_id = new_id()
    assert cancel(learner, session_id).status_code == 204
    late = beat(learner, session_id)
    assert late.status_code == 410
    assert "cancelled" in late.get_json(force=True)["detail"]
    assert live(learner) == []
    learner.get("/export")  # as it is documented
    learner.save(session_result_id=session_id)
    learner.request("DELETE", f"/api/sessions/{session_id}")
    assert cancel(learner, session_id).status_code == 204
    assert kept(learner) == 0  # the deletion says it already
    session_id = new_id()
    cancel(learner, session_id)
    age(learner, session_id, hours=24)
    assert beat(learner, session_id).status_code == 201


def test_no_more_cancels_are_remembered_than_leave_room_for_practice(
    learner: Learner, settings: dict
) -> None:
    busy = Learner(create_app({**settings, "RATELIMIT_ENABLED": False}), learner.id)
    for _ in range(60):
        assert cancel(busy, new_id()).status_code == 204
    assert kept(busy) == 50
    assert beat(busy, new_id()).status_code == 201


def test_cancels_that_are_gone_and_not_swept_yet_leave_room_for_new_ones(
    learner: Learner, settings: dict
) -> None:
    busy = Learner(create_app({**settings, "RATELIMIT_ENABLED": False}), learner.id)
    for _ in range(50):
        cancel(busy, session_id := new_id())
        age(busy, session_id, hours=25)
    cancel(busy, session_id := new_id())
    assert beat(busy, session_id).status_code == 410


def test_nothing_is_remembered_of_a_learner_whose_account_is_closed(
    app: Flask, learner: Learner
) -> None:
    operator = {"Authorization": f"Bearer {token(role='service_role')}"}
    path = f"/api/admin/learners/{learner.id}"
    assert app.test_client().delete(path, headers=operator).status_code == 200
    assert cancel(learner, new_id()).status_code == 204
    assert kept(learner) == 0


def test_a_learner_has_a_limited_number_of_live_sessions(learner: Learner, other: Learner) -> None:
    ids = [begin(learner) for _ in range(MOST)]
    refused = beat(learner, new_id())
    assert refused.status_code == 409
    problem = refused.get_json(force=True)
    assert problem["type"] == "/problems/too-many-live-sessions"
    assert learner.client.get(problem["type"]).status_code == 200
    assert beat(learner, ids[0], 2).status_code == 200
    begin(other)
    cancel(learner, ids[0])
    begin(learner)
    assert beat(learner, new_id()).status_code == 409
    age(learner, ids[1], hours=25)
    begin(learner)


def test_cancelled_ones_do_not_pile_up(learner: Learner, app: Flask, settings: dict) -> None:
    busy = Learner(create_app({**settings, "RATELIMIT_ENABLED": False}), learner.id)
    for _ in range(100):
        cancel(busy, begin(busy))
    assert beat(busy, new_id()).status_code == 409


def test_heartbeats_have_a_limit_of_their_own(settings: dict) -> None:
    app = create_app({**settings, "RATELIMIT_WRITES": 2, "RATELIMIT_HEARTBEATS": 3})
    learner = Learner(app)
    session_id = begin(learner)
    assert beat(learner, session_id, 2).headers["RateLimit-Policy"] == '"heartbeats";q=3;w=60'
    beat(learner, session_id, 3)
    refused = beat(learner, session_id, 4)
    assert refused.status_code == 429
    assert refused.get_json(force=True)["violated-policies"] == ["heartbeats"]
    assert int(refused.headers["Retry-After"]) > 0
    learner.save(session_result_id=session_id)
    assert live(learner) == []


def test_an_erasure_removes_what_is_live_and_what_began_before_stays_away(
    learner: Learner,
) -> None:
    started_at = (datetime.now(UTC) - timedelta(seconds=30)).isoformat()
    session_id = begin(learner, started_at=started_at)
    learner.request("DELETE", "/api/sessions?confirm=true")
    assert kept(learner) == 0
    answer = beat(learner, session_id, 2, started_at=started_at)
    assert answer.status_code == 410
    assert beat(learner, new_id(), started_at=started_at).status_code == 410
    begin(learner, started_at=datetime.now(UTC).isoformat())


def test_an_export_shows_what_is_live_and_an_import_leaves_it_out(
    learner: Learner, other: Learner
) -> None:
    session_id = begin(learner, words_spoken=7)
    exported = learner.get("/export")
    (row,) = exported["live_sessions"]
    assert (row["session_result_id"], row["words_spoken"]) == (session_id, 7)
    learner.request("DELETE", "/api/sessions?confirm=true")
    answer = learner.request("POST", "/api/sessions/import", json=exported)
    assert answer.status_code == 200
    assert answer.get_json()["unknown_members"] == []
    assert live(learner) == []


def test_an_id_that_is_no_uuid_is_unknown(learner: Learner) -> None:
    assert learner.request("PUT", "/api/sessions/live/x", json=heartbeat()).status_code == 404
    assert learner.request("POST", f"/api/sessions/live/{uuid4()}", json={}).status_code == 405
