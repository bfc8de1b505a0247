"""Statistics of calendar units and of two dates: what is counted, and what it is compared with."""

from datetime import datetime
from typing import Any

import pytest
import time_machine
from flask import Flask

from tests.factories import Learner
from tests.progress.preferring import prefer


def at(now: str) -> Any:
    return time_machine.travel(datetime.fromisoformat(now), tick=False)


def span(stats: dict[str, Any]) -> tuple[str, str]:
    return stats["period_start"], stats["period_end"]


@pytest.mark.parametrize(
    ("now", "period", "counted", "compared"),
    [
        # 14 March 2026 is a Saturday
        ("2026-03-14", "this_week", ("2026-03-09", "2026-03-14"), ("2026-03-02", "2026-03-07")),
        ("2026-03-14", "last_week", ("2026-03-02", "2026-03-08"), ("2026-02-23", "2026-03-01")),
        ("2026-03-14", "this_month", ("2026-03-01", "2026-03-14"), ("2026-02-01", "2026-02-14")),
        ("2026-03-14", "last_month", ("2026-02-01", "2026-02-28"), ("2026-01-01", "2026-01-31")),
        ("2026-03-14", "this_year", ("2026-01-01", "2026-03-14"), ("2025-01-01", "2025-03-14")),
        ("2026-03-14", "last_year", ("2025-01-01", "2025-12-31"), ("2024-01-01", "2024-12-31")),
        # the first and the last day of a unit
        ("2026-03-09", "this_week", ("2026-03-09", "2026-03-09"), ("2026-03-02", "2026-03-02")),
        ("2026-03-15", "this_week", ("2026-03-09", "2026-03-15"), ("2026-03-02", "2026-03-08")),
        ("2026-01-01", "this_year", ("2026-01-01", "2026-01-01"), ("2025-01-01", "2025-01-01")),
        ("2026-01-01", "this_month", ("2026-01-01", "2026-01-01"), ("2025-12-01", "2025-12-01")),
        ("2025-12-31", "this_year", ("2025-01-01", "2025-12-31"), ("2024-01-01", "2024-12-31")),
        # days that the unit before does not have
        ("2026-03-29", "this_month", ("2026-03-01", "2026-03-29"), ("2026-02-01", "2026-02-28")),
        ("2024-03-29", "this_month", ("2024-03-01", "2024-03-29"), ("2024-02-01", "2024-02-29")),
        ("2026-12-31", "this_month", ("2026-12-01", "2026-12-31"), ("2026-11-01", "2026-11-30")),
        ("2024-02-29", "this_year", ("2024-01-01", "2024-02-29"), ("2023-01-01", "2023-02-28")),
        ("2025-03-01", "this_year", ("2025-01-01", "2025-03-01"), ("2024-01-01", "2024-03-01")),
        ("2024-03-01", "last_month", ("2024-02-01", "2024-02-29"), ("2024-01-01", "2024-01-31")),
    ],
)
def test_a_calendar_unit_is_compared_with_the_one_before(
    learner: Learner, now: str, period: str, counted: tuple[str, str], compared: tuple[str, str]
) -> None:
    with at(f"{now}T10:00:00+00:00"):
        stats = learner.get("/stats", period=period)
    assert stats["period"] == period
    assert span(stats) == counted
    assert span(stats["previous"]) == compared


@pytest.mark.parametrize(
    ("week_starts_on", "this", "last"),
    [
        ("monday", ("2026-03-09", "2026-03-15"), ("2026-03-02", "2026-03-08")),
        ("sunday", ("2026-03-15", "2026-03-15"), ("2026-03-08", "2026-03-14")),
        ("saturday", ("2026-03-14", "2026-03-15"), ("2026-03-07", "2026-03-13")),
    ],
)
def test_a_week_starts_when_the_learner_says(
    in_app: Flask, learner: Learner, week_starts_on: str, this: Any, last: Any
) -> None:
    prefer(learner.id, week_starts_on=week_starts_on)  # even before the first session
    for day in (*this, *last):
        learner_stats = {}
        with at("2026-03-15T10:00:00+00:00"):
            learner.save(completed_at=f"{day}T09:00:00Z")
    with at("2026-03-15T10:00:00+00:00"):
        for period, days in (("this_week", this), ("last_week", last)):
            learner_stats[period] = learner.get("/stats", period=period)
            assert span(learner_stats[period]) == days
            assert learner_stats[period]["total_sessions"] == 2
    assert learner_stats["this_week"]["previous"]["period_start"] == last[0]


@pytest.mark.parametrize(
    ("period", "inside", "outside"),
    [
        ("last_month", ["2026-02-01T00:00:00Z", "2026-02-28T23:59:59.999999Z"],
         ["2026-01-31T23:59:59.999999Z", "2026-03-01T00:00:00Z"]),
        ("last_week", ["2026-03-02T00:00:00Z", "2026-03-08T23:59:59.999999Z"],
         ["2026-03-01T23:59:59.999999Z", "2026-03-09T00:00:00Z"]),
        ("last_year", ["2025-01-01T00:00:00Z", "2025-12-31T23:59:59.999999Z"],
         ["2024-12-31T23:59:59.999999Z", "2026-01-01T00:00:00Z"]),
    ],
)  # fmt: skip
def test_a_unit_that_is_over_holds_its_first_and_its_last_instant(
    learner: Learner, period: str, inside: list[str], outside: list[str]
) -> None:
    with at("2026-03-14T10:00:00+00:00"):
        for instant in inside:
            learner.save(completed_at=instant, topics=["inside"])
        for instant in outside:
            learner.save(completed_at=instant, topics=["outside"])
        stats = learner.get("/stats", period=period)
        assert stats["total_sessions"] == 2
        assert stats["common_topics"] == [{"topic": "inside", "count": 2}]
        assert stats["previous"]["total_sessions"] == 1  # whole, up to its last instant


@pytest.mark.parametrize(
    ("now", "period", "session", "counted"),
    [
        ("2026-03-14T10:00:00+00:00", "this_month", "2026-02-14T10:00:00Z", 1),
        ("2026-03-14T10:00:00+00:00", "this_month", "2026-02-14T10:00:00.000001Z", 0),
        ("2026-03-14T10:00:00+00:00", "this_year", "2025-03-14T10:00:00Z", 1),
        ("2026-03-14T10:00:00+00:00", "this_year", "2025-03-14T10:00:00.000001Z", 0),
        ("2026-03-14T10:00:00+00:00", "this_week", "2026-03-07T10:00:00.000001Z", 0),
        # 31 February does not exist: all of February; 29 February 2023: up to the end of the 28th
        ("2026-03-31T10:00:00+00:00", "this_month", "2026-02-28T23:59:59Z", 1),
        ("2026-02-28T10:00:00+00:00", "this_month", "2026-01-28T10:00:01Z", 0),
        ("2024-02-29T10:00:00+00:00", "this_year", "2023-02-28T23:59:59Z", 1),
        ("2024-02-29T10:00:00+00:00", "this_year", "2023-03-01T00:00:00Z", 0),
    ],
)
def test_what_is_not_over_is_compared_with_what_was_equally_unfinished(
    learner: Learner, now: str, period: str, session: str, counted: int
) -> None:
    with at(now):
        learner.save(completed_at=session)
        assert learner.get("/stats", period=period)["previous"]["total_sessions"] == counted


@pytest.mark.parametrize(
    ("now", "session", "counted"),
    [
        # Berlin skips 2:00 to 3:00 on 29 March 2026, and has them twice on 25 October 2026
        ("2026-04-29T02:30:00+02:00", "2026-03-29T03:15:00+02:00", 0),
        ("2026-04-29T02:30:00+02:00", "2026-03-29T01:45:00+01:00", 1),
        ("2026-11-25T02:30:00+01:00", "2026-10-25T02:15:00+02:00", 1),
        ("2026-11-25T02:30:00+01:00", "2026-10-25T02:15:00+01:00", 1),
        ("2026-11-25T02:30:00+01:00", "2026-10-25T02:45:00+02:00", 0),
    ],
)
def test_a_unit_is_cut_by_the_wall_clock(
    learner: Learner, now: str, session: str, counted: int
) -> None:
    with at(now):
        learner.save(completed_at=session, timezone="Europe/Berlin")
        stats = learner.get("/stats", period="this_month")
    assert stats["previous"]["total_sessions"] == counted


def test_a_day_that_starts_at_four_is_still_yesterday_at_three(
    in_app: Flask, learner: Learner
) -> None:
    prefer(learner.id, day_starts_at=4)
    with at("2026-04-01T03:00:00+00:00"):
        learner.save(completed_at="2026-02-28T22:00:00Z")
        assert span(learner.get("/stats", period="this_month")) == ("2026-03-01", "2026-03-31")
        assert learner.get("/stats", period="this_month")["previous"]["total_sessions"] == 1
        assert learner.get("/daily-breakdown", days=1)["days"][0]["date"] == "2026-03-31"
        assert learner.get("/trends")["period_end"] == "2026-03-31"
        # It is late on the 31st: nearly all of the 24th counts, and all of it from 4:00 on.
        learner.save(completed_at="2026-03-24T23:30:00Z")
        assert learner.get("/stats", period="week")["previous"]["total_sessions"] == 1
    with at("2026-04-01T04:00:00+00:00"):
        assert span(learner.get("/stats", period="this_month")) == ("2026-04-01", "2026-04-01")


def test_a_traveller_counts_in_what_ends_today_and_in_a_range_only_inside(
    learner: Learner,
) -> None:
    with at("2026-03-31T12:00:00+00:00"):
        learner.save(timezone="Pacific/Kiritimati", topics=["home"])  # 1 April
        here = {"timezone": "America/New_York"}
        for period in ("this_week", "this_month", "this_year"):
            stats = learner.get("/stats", period=period, **here)
            assert stats["period_end"] == "2026-03-31"
            assert stats["total_sessions"] == 1
            assert stats["common_topics"] == [{"topic": "home", "count": 1}]
        for last, counted in (("2026-03-31", 0), ("2026-04-01", 1)):
            stats = learner.get("/stats", date_from="2026-03-01", date_to=last, **here)
            assert stats["total_sessions"] == counted
        for period in ("last_week", "last_month", "last_year"):
            assert learner.get("/stats", period=period, **here)["total_sessions"] == 0


@pytest.mark.parametrize(
    ("first", "last", "previous"),
    [
        ("2024-02-28", "2024-03-01", ("2024-02-25", "2024-02-27")),
        ("2026-03-01", "2026-03-13", ("2026-02-16", "2026-02-28")),
        ("2026-03-14", "2026-03-14", ("2026-03-13", "2026-03-13")),  # today
        ("2026-03-01", "2026-03-31", ("2026-01-29", "2026-02-11")),  # the 14th of its days
        ("2016-03-01", "2026-03-08", ("2006-02-22", "2016-02-29")),  # 3,660 days
        ("2026-03-15", "2026-03-16", None),  # has not begun
    ],
)
def test_a_range_is_compared_with_as_many_days_before(
    learner: Learner, first: str, last: str, previous: tuple[str, str] | None
) -> None:
    with at("2026-03-14T10:00:00+00:00"):
        stats = learner.get("/stats", date_from=first, date_to=last)
    assert stats["period"] == "range"
    assert span(stats) == (first, last)
    assert (span(stats["previous"]) if previous else stats["previous"]) == previous


@pytest.mark.parametrize("days", [3, 32])
def test_a_range_holds_its_days_whole_and_is_cut_where_it_is_not_over(
    learner: Learner, days: int
) -> None:
    dates = {"date_from": "2026-03-12" if days == 3 else "2026-02-11", "date_to": "2026-03-14"}
    cut = {3: "2026-03-11", 32: "2026-02-10"}[days]
    with at("2026-03-14T10:00:00+00:00"):
        for instant in (f"{dates['date_from']}T00:00:00Z", "2026-03-14T09:59:59Z"):
            learner.save(completed_at=instant, topics=["inside"])
        learner.save(completed_at=f"{cut}T10:00:00Z", topics=["before"])
        learner.save(completed_at=f"{cut}T10:00:00.000001Z", topics=["before"])
        stats = learner.get("/stats", **dates)
        assert (stats["total_sessions"], stats["previous"]["total_sessions"]) == (2, 1)
        assert stats["common_topics"] == [{"topic": "inside", "count": 2}]
    with at("2026-03-15T00:00:00+00:00"):
        assert learner.get("/stats", **dates)["previous"]["total_sessions"] == 2


@pytest.mark.parametrize(
    ("zone", "now", "before", "after"),
    [
        ("UTC", "2026-03-14T08:00:00+00:00", "2025-03-14T08:00:00", "2025-03-14T08:00:01"),
        # today is a day later, and a day earlier, than in UTC
        ("UTC+14:00", "2026-03-14T12:00:00+00:00", "2025-03-15T02:00:00", "2025-03-15T02:00:01"),
        ("UTC-11:00", "2026-03-14T08:00:00+00:00", "2025-03-13T21:00:00", "2025-03-13T21:00:01"),
    ],
)
def test_a_year_is_cut_on_the_learners_own_day(
    learner: Learner, zone: str, now: str, before: str, after: str
) -> None:
    offset = zone.removeprefix("UTC") or "+00:00"
    with at(now):
        for instant in (before, after):
            learner.save(completed_at=f"{instant}{offset}", timezone=zone)
        assert learner.get("/stats", period="this_year")["previous"]["total_sessions"] == 1


@pytest.mark.parametrize(
    ("week_starts_on", "start", "before"),
    [
        ("monday", "2026-03-09", "2026-03-02"),
        ("sunday", "2026-03-08", "2026-03-01"),
        ("saturday", "2026-03-07", "2026-02-28"),
    ],
)
def test_all_of_the_week_before_is_read_whenever_a_week_starts(
    in_app: Flask, learner: Learner, week_starts_on: str, start: str, before: str
) -> None:
    prefer(learner.id, week_starts_on=week_starts_on)
    with at("2026-03-18T10:00:00+00:00"):
        for day in (before, start):
            learner.save(completed_at=f"{day}T00:00:00Z")
        stats = learner.get("/stats", period="last_week")
    assert (stats["period_start"], stats["total_sessions"]) == (start, 1)
    assert span(stats["previous"])[0] == before
    assert stats["previous"]["total_sessions"] == 1


@pytest.mark.parametrize(
    ("zone", "period", "topics"),
    [
        (
            "UTC-11:00",
            "this_year",
            ["old", "new"],
        ),  # 31 December: the session of 1 January is a traveller's
        ("UTC+14:00", "this_year", ["new"]),
        ("UTC-11:00", "last_year", ["older"]),
        ("UTC+14:00", "last_year", ["old"]),
    ],
)
def test_at_the_turn_of_the_year_topics_are_those_of_the_learners_year(
    learner: Learner, zone: str, period: str, topics: list[str]
) -> None:
    with at("2026-01-01T08:00:00+00:00"):
        for day, topic in (("2024-12-31", "older"), ("2025-12-30", "old"), ("2026-01-01", "new")):
            learner.save(completed_at=f"{day}T07:00:00Z", timezone="UTC", topics=[topic])
        stats = learner.get("/stats", period=period, timezone=zone)
    assert sorted(entry["topic"] for entry in stats["common_topics"]) == sorted(topics)
    assert stats["total_sessions"] == len(topics)
