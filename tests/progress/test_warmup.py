"""Suggestions for the warm-up."""

from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine

from tests.factories import Learner, pointers

NOW = datetime(2026, 3, 15, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _noon() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


def on(learner: Learner, day: str, clock: str = "10:00:00Z", **overrides: Any) -> dict:
    return learner.save(completed_at=f"{day}T{clock}", **overrides)


def test_a_learner_without_sessions_gets_nothing_to_warm_up_with(learner: Learner) -> None:
    assert learner.get("/warmup") == {
        "language": "en",
        "focus_areas": [],
        "vocabulary_review": [],
        "vocabulary_details": [],
        "focus_skills": [],
        "last_session_summary": None,
        "based_on": {"from": "2026-03-09", "to": "2026-03-15", "sessions": 0},
    }


def test_the_most_frequent_areas_of_the_last_seven_days_at_most_five(learner: Learner) -> None:
    on(learner, "2026-03-08", areas_to_improve=["too old"])
    on(learner, "2026-03-09", areas_to_improve=["b", "C", "d", "e"])
    on(learner, "2026-03-10", areas_to_improve=["c", "f", "a"])
    assert learner.get("/warmup")["focus_areas"] == ["C", "a", "b", "d", "e"]


def test_words_met_least_often_then_longest_ago_then_by_name(learner: Learner) -> None:
    on(learner, "2026-03-08", vocabulary_learned=["too old"])
    on(learner, "2026-03-09", vocabulary_learned=["twice", "z old"])
    on(learner, "2026-03-10", vocabulary_learned=["b", "a", "B"])
    on(learner, "2026-03-11", vocabulary_learned=["twice", "new"])
    assert learner.get("/warmup")["vocabulary_review"] == ["z old", "B", "a", "b", "new", "twice"]


def test_how_often_a_word_was_met_counts_over_all_sessions(learner: Learner) -> None:
    for day in range(1, 6):
        on(learner, f"2026-01-0{day}", vocabulary_learned=["five times"])
    on(learner, "2026-03-10", vocabulary_learned=["five times"])
    on(learner, "2026-03-11", vocabulary_learned=["once"])
    on(learner, "2026-03-12", vocabulary_learned=["twice"])
    on(learner, "2026-03-13", vocabulary_learned=["twice"])
    warmup = learner.get("/warmup")
    assert warmup["vocabulary_review"] == ["once", "twice", "five times"]
    assert [item["times_seen"] for item in warmup["vocabulary_details"]] == [1, 2, 6]


def test_at_most_ten_words(learner: Learner) -> None:
    on(learner, "2026-03-15", vocabulary_learned=[f"{number:02}" for number in range(12)])
    assert learner.get("/warmup")["vocabulary_review"] == [f"{number:02}" for number in range(10)]


def test_the_last_session_is_the_last_completed(learner: Learner) -> None:
    last = on(learner, "2026-03-14", pronunciation_score=80, areas_to_improve=["x"])
    on(learner, "2026-03-13")
    summary = learner.get("/warmup")["last_session_summary"]
    assert summary == {name: last[name] for name in summary}
    assert len(summary) == 9


def test_after_a_break_the_week_ends_with_the_last_session(learner: Learner) -> None:
    on(learner, "2026-01-01", areas_to_improve=["too old"])
    on(learner, "2026-01-02", areas_to_improve=["a"])
    on(learner, "2026-01-08", areas_to_improve=["b"])
    warmup = learner.get("/warmup")
    assert warmup["focus_areas"] == ["a", "b"]
    assert warmup["based_on"] == {"from": "2026-01-02", "to": "2026-01-08", "sessions": 2}


def test_the_first_of_the_last_seven_days_is_no_break_yet(learner: Learner) -> None:
    on(learner, "2026-03-09")
    assert learner.get("/warmup")["based_on"]["to"] == "2026-03-15"


def test_a_session_eight_days_ago_is_before_the_week(learner: Learner) -> None:
    on(learner, "2026-03-08")
    assert learner.get("/warmup")["based_on"]["to"] == "2026-03-08"


def test_after_a_break_days_are_the_learners_own(learner: Learner) -> None:
    on(learner, "2026-01-02", "00:30:00+14:00", areas_to_improve=["in"])
    on(learner, "2026-01-01", "23:30:00+14:00", areas_to_improve=["out"])
    on(learner, "2026-01-08", "23:30:00-12:00")
    assert learner.get("/warmup")["focus_areas"] == ["in"]


def test_today_is_by_default_that_of_the_latest_session(learner: Learner) -> None:
    on(learner, "2026-03-14", timezone="Pacific/Kiritimati")
    assert learner.get("/warmup")["based_on"]["to"] == "2026-03-16"
    assert learner.get("/warmup", timezone="UTC")["based_on"]["to"] == "2026-03-15"


def test_a_travellers_session_dated_tomorrow_counts(learner: Learner) -> None:
    on(learner, "2026-03-15", timezone="Pacific/Kiritimati", areas_to_improve=["a"])
    warmup = learner.get("/warmup", timezone="America/New_York")
    assert warmup["focus_areas"] == ["a"]
    assert warmup["based_on"]["sessions"] == 1


def test_other_learners_words_stay_out(learner: Learner, other: Learner) -> None:
    on(other, "2026-03-15", vocabulary_learned=["x"], areas_to_improve=["x"])
    assert learner.get("/warmup")["last_session_summary"] is None


@pytest.mark.parametrize(("name", "value"), [("timezone", "x"), ("limit", "5")])
def test_a_broken_parameter_is_named(learner: Learner, name: str, value: str) -> None:
    response = learner.request("GET", "/api/sessions/warmup", query_string={name: value})
    assert pointers(response) == [name]
