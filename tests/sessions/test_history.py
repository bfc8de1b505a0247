"""The list of a learner's sessions."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.factories import Learner, pointers

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def at(learner: Learner, hours: float = 0, **overrides: Any) -> str:
    moment = (NOON + timedelta(hours=hours)).isoformat()
    return learner.save(completed_at=moment, **overrides)["session_result_id"]


def ids(page: dict[str, Any]) -> list[str]:
    return [session["session_result_id"] for session in page["sessions"]]


def test_an_empty_history_is_a_page(learner: Learner) -> None:
    assert learner.get("/history") == {
        "sessions": [], "total": 0, "limit": 20, "offset": 0, "has_more": False, "next_cursor": None,
    }  # fmt: skip


def test_newest_completed_first_whatever_was_saved_last(learner: Learner) -> None:
    middle, newest, oldest = at(learner, 1), at(learner, 2), at(learner, 0)
    assert ids(learner.get("/history")) == [newest, middle, oldest]


def test_ties_are_broken_by_id(learner: Learner) -> None:
    same = [at(learner) for _ in range(5)]
    assert ids(learner.get("/history")) == sorted(same, reverse=True)


def test_history_leaves_out_other_learners(learner: Learner, other: Learner) -> None:
    at(other)
    assert learner.get("/history")["total"] == 0


def test_history_shows_what_save_answered(learner: Learner) -> None:
    stored = learner.save(topics=["travel"], metadata={"a": [1]}, pronunciation_score=85.5)
    assert learner.get("/history")["sessions"] == [stored]


def test_pages_by_offset(learner: Learner) -> None:
    all_ids = [at(learner, -hours) for hours in range(5)]
    page = learner.get("/history", limit=2, offset=2)
    assert ids(page) == all_ids[2:4]
    assert (page["total"], page["limit"], page["offset"], page["has_more"]) == (5, 2, 2, True)
    last = learner.get("/history", limit=2, offset=4)
    assert (ids(last), last["has_more"], last["next_cursor"]) == (all_ids[4:], False, None)
    beyond = learner.get("/history", offset=1_000_000)
    assert (beyond["sessions"], beyond["total"], beyond["has_more"]) == ([], 5, False)


def test_a_full_last_page_has_no_more(learner: Learner) -> None:
    at(learner), at(learner, 1)
    page = learner.get("/history", limit=2)
    assert (page["has_more"], page["next_cursor"]) == (False, None)


@pytest.mark.parametrize("asked", [101, 5_000, 10**40])
def test_a_limit_over_100_is_served_as_100(learner: Learner, asked: int) -> None:
    assert learner.get("/history", limit=asked)["limit"] == 100


def test_each_filter_narrows(learner: Learner) -> None:
    roleplay = at(learner, 1, session_type="roleplay")
    travel = at(learner, 2, topics=["Straße", "x"])
    hotel = at(learner, 3, metadata={"scenario_id": "hotel"})
    number = at(learner, 4, metadata={"scenario_id": 7})
    assert ids(learner.get("/history", session_type="roleplay")) == [roleplay]
    assert ids(learner.get("/history", topic=" STRASSE ")) == [travel]
    assert ids(learner.get("/history", topic="stra")) == []
    assert ids(learner.get("/history", scenario_id="hotel")) == [hotel]
    assert ids(learner.get("/history", scenario_id="7")) == [number]
    assert learner.get("/history", scenario_id="Hotel")["total"] == 0
    assert learner.get("/history", session_type="roleplay", topic="x")["total"] == 0


@pytest.mark.parametrize("topic", ["É", "é", "e\u0301", "ÉCOLE", "école", "İ", "ǅ", "%", "_"])
def test_topics_are_found_in_any_case_and_form(learner: Learner, topic: str) -> None:
    session_id = at(learner, topics=[topic])
    at(learner, topics=["something else"])
    for spelling in (topic, topic.upper(), topic.casefold()):
        assert ids(learner.get("/history", topic=spelling)) == [session_id]


def test_dates_count_on_the_learners_calendar_both_ends_included(learner: Learner) -> None:
    late = learner.save(completed_at="2026-03-01T23:59:59.999999-10:00")["session_result_id"]
    early = learner.save(completed_at="2026-03-03T00:00:00+14:00")["session_result_id"]
    assert ids(learner.get("/history", date_from="2026-03-01", date_to="2026-03-01")) == [late]
    assert ids(learner.get("/history", date_from="2026-03-03", date_to="2026-03-03")) == [early]
    assert learner.get("/history", date_from="2026-03-02", date_to="2026-03-02")["total"] == 0
    assert learner.get("/history", date_from="2026-03-01")["total"] == 2
    assert learner.get("/history", date_to="2026-03-01")["total"] == 1
    assert learner.get("/history", date_from="0001-01-01", date_to="9999-12-31")["total"] == 2
    assert learner.get("/history", date_from="9999-12-31")["total"] == 0
    assert learner.get("/history", date_to="0001-01-01")["total"] == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("limit", "0"),
        ("limit", "-1"),
        ("limit", "1.5"),
        ("limit", "ten"),
        ("limit", "٣"),
        ("limit", ""),
        ("offset", "-1"),
        ("offset", "1000001"),
        ("offset", "1" * 2000),
        ("session_type", "lecture"),
        ("session_type", ""),
        ("date_from", "2026-3-1"),
        ("date_from", "20260301"),
        ("date_to", "2026-02-30"),
        ("date_to", "٢٠٢٦-03-01"),
        ("topic", ""),
        ("topic", " "),
        ("topic", "nul \x00"),
        ("scenario_id", "nul \x00"),
        ("scenario_id", ""),
        ("cursor", ""),
        ("cursor", "nonsense"),
        ("cursor", "é"),
        ("cursor", "_" * 40),
        ("cursor", "\x00"),
        ("unknown", "1"),
        ("_schema", "1"),
        ("", "1"),
        ("user_id", "9b2f4f0e-52b0-4b1c-8b54-0d6c2a1e6a11"),
    ],
)
def test_a_broken_parameter_is_named(learner: Learner, name: str, value: str) -> None:
    response = learner.request("GET", "/api/sessions/history", query_string={name: value})
    assert pointers(response) == [name]


def test_a_parameter_given_twice_is_refused(learner: Learner) -> None:
    response = learner.request("GET", "/api/sessions/history?limit=5&limit=5")
    assert pointers(response) == ["limit"]


def test_dates_the_wrong_way_round_are_refused(learner: Learner) -> None:
    query = {"date_from": "2026-03-02", "date_to": "2026-03-01"}
    response = learner.request("GET", "/api/sessions/history", query_string=query)
    assert pointers(response) == ["date_from"]


def walk(learner: Learner, **query: Any) -> list[str]:
    """Return all ids, page by page along the cursor."""
    all_ids: list[str] = []
    page = learner.get("/history", **query)
    while True:
        all_ids += ids(page)
        if page["next_cursor"] is None:
            return all_ids
        page = learner.get("/history", cursor=page["next_cursor"], **query)
        assert page["offset"] is None


def test_pages_by_cursor_neither_overlap_nor_skip(learner: Learner) -> None:
    all_ids = [at(learner, -(number // 3)) for number in range(20)]
    newest = learner.get("/history", limit=100)
    assert walk(learner, limit=3) == ids(newest)
    assert sorted(ids(newest)) == sorted(all_ids)


def test_a_cursor_stays_in_place_while_sessions_arrive(learner: Learner) -> None:
    for hour in range(6):
        at(learner, -hour)
    before = ids(learner.get("/history"))
    page = learner.get("/history", limit=2)
    at(learner, 5)  # newer than the first page
    late = at(learner, -2.5)  # synced late, among what is still to come
    seen, cursor = ids(page), page["next_cursor"]
    while cursor:
        page = learner.get("/history", limit=2, cursor=cursor)
        seen, cursor = seen + ids(page), page["next_cursor"]
        assert page["total"] == 8
    assert [session_id for session_id in seen if session_id != late] == before
    assert seen.count(late) == 1


def test_a_cursor_continues_a_page_by_offset(learner: Learner) -> None:
    all_ids = [at(learner, -hours) for hours in range(5)]
    page = learner.get("/history", limit=2, offset=1)
    assert ids(learner.get("/history", limit=5, cursor=page["next_cursor"])) == all_ids[3:]


def test_a_cursor_keeps_its_filters(learner: Learner) -> None:
    for hour in range(4):
        at(learner, hour, topics=["Food" if hour % 2 else "travel"])
    assert len(walk(learner, limit=1, topic="FOOD")) == 2
    cursor = learner.get("/history", limit=1, topic="FOOD")["next_cursor"]
    assert learner.get("/history", limit=1, topic="food", cursor=cursor)["sessions"]
    for query in ({}, {"topic": "travel"}, {"topic": "FOOD", "date_from": "2026-01-01"}):
        response = learner.request(
            "GET", "/api/sessions/history", query_string={**query, "cursor": cursor}
        )
        assert pointers(response) == ["cursor"]


def test_a_cursor_and_an_offset_do_not_go_together(learner: Learner) -> None:
    at(learner), at(learner)
    cursor = learner.get("/history", limit=1)["next_cursor"]
    for offset in (0, 1):
        query = {"cursor": cursor, "offset": offset}
        response = learner.request("GET", "/api/sessions/history", query_string=query)
        assert pointers(response) == ["offset"]


def test_another_learners_cursor_shows_only_ones_own(learner: Learner, other: Learner) -> None:
    for hour in range(3):
        at(other, hour)
    session_id = at(learner, -5)
    cursor = other.get("/history", limit=1)["next_cursor"]
    assert ids(learner.get("/history", cursor=cursor)) == [session_id]


def test_unknown_ids_in_filters_match_nothing(learner: Learner) -> None:
    at(learner)
    assert learner.get("/history", scenario_id=str(uuid4()))["total"] == 0
