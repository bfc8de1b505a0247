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
        "sessions": 0, "seconds": 0, "minutes": 0.0, "words_spoken": 0,
        "pronunciation_avg": None, "fluency_avg": None, "grammar_avg": None,
    }  # fmt: skip
    assert learner.get("/daily-breakdown") == {
        "days": [{"date": f"2026-03-{day:02}", **empty} for day in range(15, 8, -1)],
        "totals": {"sessions": 0, "seconds": 0, "minutes": 0.0, "words_spoken": 0},
    }


def test_a_day_adds_up_its_sessions(learner: Learner) -> None:
    learner.save(duration_seconds=100, words_spoken=10, fluency_score=80)
    learner.save(duration_seconds=100, words_spoken=5, fluency_score=85.5, grammar_score=0)
    learner.save(duration_seconds=33, completed_at="2026-03-14T12:00:00Z")
    breakdown = learner.get("/daily-breakdown", days=2)
    assert breakdown["days"][0] == {
        "date": "2026-03-15", "sessions": 2, "seconds": 200, "minutes": 3.3, "words_spoken": 15,
        "pronunciation_avg": None, "fluency_avg": 82.8, "grammar_avg": 0.0,
    }  # fmt: skip
    # 200 s and 33 s are 3.3 and 0.6 minutes, but together they are 3.9 minutes.
    assert breakdown["days"][1]["minutes"] == 0.6
    assert breakdown["totals"] == {
        "sessions": 3, "seconds": 233, "minutes": 3.9, "words_spoken": 15,
    }  # fmt: skip


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


def test_a_travellers_later_day_comes_first(learner: Learner) -> None:
    learner.save(completed_at="2026-03-15T12:00:00Z", timezone="Pacific/Kiritimati")
    learner.save(completed_at="2026-03-15T11:00:00Z", timezone="UTC")
    for zone, dates in [
        ("America/New_York", ["2026-03-16", "2026-03-15", "2026-03-14"]),
        ("Pacific/Kiritimati", ["2026-03-16", "2026-03-15"]),
    ]:
        breakdown = learner.get("/daily-breakdown", days=2, timezone=zone)
        assert [day["date"] for day in breakdown["days"]] == dates
        assert [day["sessions"] for day in breakdown["days"][:2]] == [1, 1]
        assert breakdown["totals"]["sessions"] == 2


def test_two_dates_are_shown_with_all_days_between(learner: Learner) -> None:
    for day in ("2024-02-27", "2024-02-28", "2024-02-29", "2024-03-01", "2024-03-02"):
        learner.save(completed_at=f"{day}T23:59:59.999999Z", duration_seconds=60)
        learner.save(completed_at=f"{day}T23:00:00Z", timezone="Pacific/Kiritimati")
    breakdown = learner.get("/daily-breakdown", date_from="2024-02-28", date_to="2024-03-01")
    shown = [(day["date"], day["sessions"]) for day in breakdown["days"]]
    assert shown == [("2024-03-01", 2), ("2024-02-29", 2), ("2024-02-28", 2)]
    assert breakdown["totals"]["sessions"] == 6
    assert breakdown["totals"]["seconds"] == 3 * 360


def test_a_range_holds_its_own_days_even_after_today(learner: Learner) -> None:
    learner.save(completed_at="2026-03-15T12:00:00Z", timezone="Pacific/Kiritimati")  # the 16th
    dates = {"date_from": "2026-03-14", "timezone": "America/New_York"}
    assert learner.get("/daily-breakdown", **dates, date_to="2026-03-15")["totals"]["sessions"] == 0
    breakdown = learner.get("/daily-breakdown", **dates, date_to="2026-03-17")
    assert [day["sessions"] for day in breakdown["days"]] == [0, 1, 0, 0]


def test_a_leap_year_fits_into_a_range(learner: Learner) -> None:
    learner.save(completed_at="2024-01-01T00:00:00Z")
    learner.save(completed_at="2024-12-31T23:59:59Z")
    breakdown = learner.get("/daily-breakdown", date_from="2024-01-01", date_to="2024-12-31")
    assert len(breakdown["days"]) == 366
    assert breakdown["totals"]["sessions"] == 2


@pytest.mark.parametrize("path", ["daily-breakdown", "stats", "trends"])
@pytest.mark.parametrize(
    ("query", "named", "rule"),
    [
        ("date_from=2026-03-01", "date_to", "date_to is required with date_from."),
        ("date_to=2026-03-01", "date_from", "date_from is required with date_to."),
        ("date_from=2026-03-02&date_to=2026-03-01", "date_from", "date_from must not be after date_to."),
        ("date_from=2026-03-01&date_to=2026-02-30", "date_to", "date_to must be a date such as 2026-03-01."),
        ("date_from=1899-12-31&date_to=1900-01-01", "date_from", "date_from must not be before 1900-01-01."),
    ],
)  # fmt: skip
def test_two_dates_that_make_no_range_are_refused(
    learner: Learner, path: str, query: str, named: str, rule: str
) -> None:
    answer = learner.request("GET", f"/api/sessions/{path}?{query}")
    assert pointers(answer) == [named]
    assert answer.get_json()["detail"] == rule


@pytest.mark.parametrize(
    ("path", "instead", "most"),
    [
        ("daily-breakdown", "days=7", 366),
        ("stats", "period=week", 3660),
        ("stats", "period=this_week", 3660),
        ("trends", "period=month", 366),
    ],
)
def test_a_range_has_its_limit_and_replaces_the_other_parameter(
    learner: Learner, path: str, instead: str, most: int
) -> None:
    def ask(days: int, more: str = "") -> Any:
        last = date(1900, 1, 1) + timedelta(days=days - 1)
        query = f"date_from=1900-01-01&date_to={last}{more}"
        return learner.request("GET", f"/api/sessions/{path}?{query}")

    assert ask(1).status_code == ask(most).status_code == 200
    assert pointers(ask(most + 1)) == ["date_to"]
    assert pointers(ask(7, f"&{instead}")) == [instead.split("=")[0]]
    far = f"/api/sessions/{path}?date_from=9999-12-01&date_to=9999-12-31"
    assert learner.request("GET", far).status_code == 200


@pytest.mark.parametrize(
    ("name", "value"),
    [("days", "0"), ("days", "367"), ("days", "x"), ("timezone", "x"), ("x", "1")],
)
def test_a_broken_parameter_is_named(learner: Learner, name: str, value: str) -> None:
    path = "/api/sessions/daily-breakdown"
    assert pointers(learner.request("GET", path, query_string={name: value})) == [name]
