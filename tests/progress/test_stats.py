"""Statistics over a period: what is counted, and how it is shown."""

from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from flask import Flask

from tests.factories import Learner, pointers
from tests.statements import recorded

NOW = datetime(2026, 3, 15, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _noon() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.mark.parametrize(
    ("scores", "mean"), [((80.0, 80.5), 80.2), ((80.5, 81.0), 80.8), ((80.1, 80.2), 80.2)]
)
def test_what_lies_between_two_values_is_rounded_to_the_even_one(
    learner: Learner, scores: tuple[float, float], mean: float
) -> None:
    for seconds, score in zip((90, 91), scores, strict=True):
        learner.save(grammar_score=score, duration_seconds=seconds)
    stats = learner.get("/stats")
    assert stats["avg_grammar"] == mean
    assert stats["sessions_by_type"]["conversation"]["avg_duration"] == 90


def test_a_learner_without_sessions_gets_zeros(learner: Learner) -> None:
    none = {"pronunciation": 0, "fluency": 0, "grammar": 0}
    empty = {
        "total_sessions": 0, "total_duration": 0, "total_words_spoken": 0,
        "avg_pronunciation": 0.0, "avg_fluency": 0.0, "avg_grammar": 0.0, "scored_sessions": none,
    }  # fmt: skip
    assert learner.get("/stats") == {
        "period": "week",
        "period_start": "2026-03-09",
        "period_end": "2026-03-15",
        **empty,
        "sessions_by_type": {},
        "improvement_trends": [],
        "common_topics": [],
        "areas_to_improve": [],
        "previous": {"period_start": "2026-03-02", "period_end": "2026-03-08", **empty},
    }
    everything = learner.get("/stats", period="all")
    assert everything["period_start"] is None
    assert everything["period_end"] == "2026-03-15"
    assert everything["previous"] is None


@pytest.mark.parametrize(
    ("period", "start"),
    [
        ("day", "2026-03-15"),
        ("week", "2026-03-09"),
        ("month", "2026-02-14"),
        ("year", "2025-03-16"),
    ],
)
def test_a_period_starts_so_many_days_ago(learner: Learner, period: str, start: str) -> None:
    assert learner.get("/stats", period=period)["period_start"] == start
    learner.save(completed_at=f"{start}T00:00:00Z")
    assert learner.get("/stats", period=period)["total_sessions"] == 1
    learner.save(completed_at=f"{start}T00:00:00+00:01")  # the evening before in UTC
    assert learner.get("/stats", period=period)["total_sessions"] == 2


def test_the_evening_before_is_another_period(learner: Learner) -> None:
    learner.save(completed_at="2026-03-08T23:59:59.999999Z")
    stats = learner.get("/stats")
    assert stats["total_sessions"] == 0
    assert stats["previous"]["total_sessions"] == 0  # cut at noon
    learner.save(completed_at="2026-03-08T12:00:00Z")
    learner.save(completed_at="2026-03-08T12:00:00.000001Z")
    assert learner.get("/stats")["previous"]["total_sessions"] == 1


def test_scores_that_were_not_measured_take_no_part(learner: Learner) -> None:
    learner.save(pronunciation_score=80, fluency_score=0)
    learner.save(pronunciation_score=85.5)
    stats = learner.get("/stats")
    assert (stats["avg_pronunciation"], stats["avg_fluency"], stats["avg_grammar"]) == (
        82.8,
        0.0,
        0.0,
    )
    assert stats["scored_sessions"] == {"pronunciation": 2, "fluency": 1, "grammar": 0}
    assert stats["improvement_trends"] == [
        {"date": "2026-03-15", "pronunciation": 82.8, "fluency": 0.0, "grammar": None}
    ]


def test_sessions_by_type_shows_those_with_sessions(learner: Learner) -> None:
    learner.save(duration_seconds=100)
    learner.save(duration_seconds=201)
    learner.save(session_type="roleplay", duration_seconds=60)
    assert learner.get("/stats")["sessions_by_type"] == {
        "conversation": {"count": 2, "avg_duration": 150},
        "roleplay": {"count": 1, "avg_duration": 60},
    }


@pytest.mark.parametrize("period", ["week", "year"])
def test_names_that_differ_in_case_are_one(learner: Learner, period: str) -> None:
    for topics in (["food"], ["Food"], ["Food", "art"], ["FOOD", "Zoo"]):
        learner.save(topics=topics, areas_to_improve=topics)
    stats = learner.get("/stats", period=period)
    assert stats["common_topics"] == [
        {"topic": "Food", "count": 4},
        {"topic": "Zoo", "count": 1},
        {"topic": "art", "count": 1},
    ]
    assert stats["areas_to_improve"][0] == {"area": "Food", "count": 4}


@pytest.mark.parametrize("period", ["week", "year"])
def test_long_names_are_shown_whole(learner: Learner, period: str) -> None:
    learner.save(topics=["ü" * 200])
    assert learner.get("/stats", period=period)["common_topics"] == [
        {"topic": "ü" * 200, "count": 1}
    ]


def test_at_most_ten_names(learner: Learner) -> None:
    learner.save(topics=[f"topic {number:02}" for number in range(12)])
    topics = learner.get("/stats")["common_topics"]
    assert [entry["topic"] for entry in topics] == [f"topic {number:02}" for number in range(10)]


def test_session_type_narrows_everything(learner: Learner) -> None:
    learner.save(topics=["a"], completed_at="2026-03-06T10:00:00Z")
    learner.save(session_type="roleplay", topics=["b"], pronunciation_score=50)
    stats = learner.get("/stats", session_type="conversation")
    assert stats["total_sessions"] == 0
    assert stats["common_topics"] == stats["improvement_trends"] == []
    assert stats["previous"]["total_sessions"] == 1


def test_today_is_by_default_that_of_the_latest_session(learner: Learner) -> None:
    learner.save(completed_at="2026-03-14T12:00:00Z", timezone="Pacific/Kiritimati")
    assert learner.get("/stats")["period_end"] == "2026-03-16"
    assert learner.get("/stats", timezone="Pacific/Pago_Pago")["period_end"] == "2026-03-15"
    learner.save(completed_at="2025-01-01T12:00:00Z", timezone="America/New_York")
    assert learner.get("/stats")["period_end"] == "2026-03-16"


def test_the_zone_is_known_from_a_session_long_before_the_period(learner: Learner) -> None:
    learner.save(completed_at="2020-01-01T12:00:00Z", timezone="Pacific/Kiritimati")
    for period in ("day", "year", "all"):
        assert learner.get("/stats", period=period)["period_end"] == "2026-03-16"


@pytest.mark.parametrize("period", ["day", "week", "month", "year", "all"])
def test_a_travellers_session_dated_tomorrow_counts(learner: Learner, period: str) -> None:
    learner.save(completed_at="2026-03-15T12:00:00Z", timezone="Pacific/Kiritimati")
    stats = learner.get("/stats", period=period, timezone="America/New_York")
    assert stats["period_end"] == "2026-03-15"
    assert stats["total_sessions"] == 1
    assert stats["improvement_trends"][0]["date"] == "2026-03-16"


def test_the_previous_period_is_cut_by_the_wall_clock_across_a_clock_change(
    learner: Learner,
) -> None:
    # Berlin went to summer time on 2026-03-29: noon was 11:00 UTC the week before, then 10:00.
    with time_machine.travel(datetime(2026, 4, 4, 10, tzinfo=UTC), tick=False):
        learner.save(completed_at="2026-03-28T12:00:00+01:00")
        learner.save(completed_at="2026-03-28T12:30:00+01:00")
        stats = learner.get("/stats", timezone="Europe/Berlin")
    assert stats["previous"]["period_end"] == "2026-03-28"
    assert stats["previous"]["total_sessions"] == 1


@pytest.mark.parametrize(
    ("now", "session", "counted"),
    [
        # 02:30 was skipped on the 29th: what ended at 03:15 by the wall clock is later than 02:30
        ("2026-03-30T02:30:00+02:00", "2026-03-29T03:15:00+02:00", 0),
        ("2026-03-30T02:30:00+02:00", "2026-03-29T01:45:00+01:00", 1),
        # 02:15 came twice on the 25th: by the wall clock both are before 02:30
        ("2026-10-26T02:30:00+01:00", "2026-10-25T02:15:00+02:00", 1),
        ("2026-10-26T02:30:00+01:00", "2026-10-25T02:15:00+01:00", 1),
        ("2026-10-26T02:30:00+01:00", "2026-10-25T02:45:00+02:00", 0),
    ],
)
def test_hours_that_are_skipped_or_come_twice_are_cut_by_the_wall_clock(
    learner: Learner, now: str, session: str, counted: int
) -> None:
    with time_machine.travel(datetime.fromisoformat(now), tick=False):
        learner.save(completed_at=session, timezone="Europe/Berlin")
        stats = learner.get("/stats", period="day")
    assert stats["previous"]["total_sessions"] == counted


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("period", "decade"),
        ("period", ""),
        ("timezone", "Mars"),
        ("session_type", "x"),
        ("day", "1"),
    ],
)
def test_a_broken_parameter_is_named(learner: Learner, name: str, value: str) -> None:
    response = learner.request("GET", "/api/sessions/stats", query_string={name: value})
    assert pointers(response) == [name]


@pytest.mark.parametrize(
    ("path", "query", "most"),
    [
        ("/stats", {"period": "week"}, 1),
        ("/stats", {"period": "year"}, 1),
        ("/stats", {"period": "all"}, 1),
        ("/warmup", {}, 1),
        ("/daily-breakdown", {"days": 366}, 1),
        ("/history", {}, 1),
        ("/history", {"topic": "food", "date_from": "2026-01-01"}, 2),
        ("/history", {"topic": "nothing", "offset": 5}, 2),
    ],
)
def test_statements_per_question_are_few(
    app: Flask, learner: Learner, path: str, query: dict, most: int
) -> None:
    learner.save(topics=["Food"])
    with recorded(app) as sent:
        learner.get(path, **query)
    assert 1 <= len(sent) <= most


@pytest.mark.parametrize(
    "query", ["UTC+02:00", "UTC%2B02:00", "GMT+02:00", "+02:00", "Etc/GMT+5", "utc"]
)
def test_a_plus_that_is_not_encoded_is_a_plus(learner: Learner, query: str) -> None:
    for path in ("stats", "daily-breakdown", "trends", "streak", "vocabulary"):
        answer = learner.request("GET", f"/api/sessions/{path}?timezone={query}")
        assert answer.status_code == 200, answer.text


def test_an_unknown_parameter_is_called_a_parameter(learner: Learner) -> None:
    problem = learner.request("GET", "/api/sessions/stats?perod=week").get_json()
    assert problem["detail"] == "perod is not a known parameter."


@pytest.mark.parametrize(
    ("path", "rule"),
    [
        ("history?limit=0", "limit must be a whole number from 1 to 100."),
        ("vocabulary?limit=x", "limit must be a whole number from 1 to 100."),
        ("history?offset=-1", "offset must be a whole number from 0 to 1000000."),
        ("daily-breakdown?days=367", "days must be a whole number from 1 to 366."),
    ],
)
def test_a_message_about_a_limit_says_the_limit(learner: Learner, path: str, rule: str) -> None:
    assert learner.request("GET", f"/api/sessions/{path}").get_json()["detail"] == rule
