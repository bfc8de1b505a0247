"""The daily breakdown."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine

from tests.factories import Learner, pointers


@pytest.fixture(autouse=True)
def _noon() -> Any:
    with time_machine.travel(datetime(2026, 3, 15, 12, tzinfo=UTC), tick=False):
        yield


def test_days_without_practice_are_present(learner: Learner) -> None:
    empty = {
        "sessions": 0, "minutes": 0.0, "words_spoken": 0,
        "pronunciation_avg": None, "fluency_avg": None, "grammar_avg": None,
    }  # fmt: skip
    assert learner.get("/daily-breakdown") == {
        "days": [{"date": f"2026-03-{day:02}", **empty} for day in range(15, 8, -1)],
        "totals": {"sessions": 0, "minutes": 0.0, "words_spoken": 0},
    }


def test_a_day_adds_up_its_sessions(learner: Learner) -> None:
    learner.save(duration_seconds=100, words_spoken=10, fluency_score=80)
    learner.save(duration_seconds=100, words_spoken=5, fluency_score=85.5, grammar_score=0)
    learner.save(duration_seconds=33, completed_at="2026-03-14T12:00:00Z")
    breakdown = learner.get("/daily-breakdown", days=2)
    assert breakdown["days"][0] == {
        "date": "2026-03-15", "sessions": 2, "minutes": 3.3, "words_spoken": 15,
        "pronunciation_avg": None, "fluency_avg": 82.8, "grammar_avg": 0.0,
    }  # fmt: skip
    # 200 s and 33 s are 3.3 and 0.6 minutes, but together they are 3.9 minutes.
    assert breakdown["days"][1]["minutes"] == 0.6
    assert breakdown["totals"] == {"sessions": 3, "minutes": 3.9, "words_spoken": 15}


def test_totals_come_from_the_summed_seconds(learner: Learner) -> None:
    for day in (13, 14, 15):
        learner.save(duration_seconds=2, completed_at=f"2026-03-{day}T10:00:00Z")
    breakdown = learner.get("/daily-breakdown")
    assert [day["minutes"] for day in breakdown["days"][:3]] == [0.0, 0.0, 0.0]
    assert breakdown["totals"]["minutes"] == 0.1


@pytest.mark.parametrize(("days", "first"), [(1, "2026-03-15"), (366, "2025-03-15")])
def test_so_many_days_and_no_more(learner: Learner, days: int, first: str) -> None:
    before = date.fromisoformat(first) - timedelta(days=1)
    learner.save(completed_at=f"{first}T00:00:00Z")
    learner.save(completed_at=f"{before}T23:59:59Z")
    breakdown = learner.get("/daily-breakdown", days=days)
    assert len(breakdown["days"]) == days
    assert breakdown["days"][-1]["date"] == first
    assert breakdown["totals"]["sessions"] == 1


def test_today_is_that_of_the_zone_asked_for_or_of_the_latest_session(learner: Learner) -> None:
    learner.save(completed_at="2026-03-01T12:00:00Z", timezone="Pacific/Kiritimati")
    assert learner.get("/daily-breakdown", days=1)["days"][0]["date"] == "2026-03-16"
    pago = learner.get("/daily-breakdown", days=15, timezone="Pacific/Pago_Pago")
    assert pago["days"][0]["date"] == "2026-03-15"
    assert pago["days"][13] == {**pago["days"][13], "date": "2026-03-02", "sessions": 1}


@pytest.mark.parametrize(
    ("name", "value"),
    [("days", "0"), ("days", "367"), ("days", "x"), ("timezone", "x"), ("x", "1")],
)
def test_a_broken_parameter_is_named(learner: Learner, name: str, value: str) -> None:
    path = "/api/sessions/daily-breakdown"
    assert pointers(learner.request("GET", path, query_string={name: value})) == [name]
