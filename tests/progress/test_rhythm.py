"""The rhythm: by hour and by weekday."""

import zoneinfo
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from random import Random
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from flask import Flask

from tests.factories import Learner, pointers
from tests.progress.oracle import WEEKDAYS, local, mean
from tests.progress.preferring import prefer
from tests.progress.test_stats_by_oracle import ZONES
from tests.statements import recorded
from vorex_sessions import periods
from vorex_sessions.progress.rhythm import rhythm
from vorex_sessions.sessions import service

NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)
EMPTY = {
    "sessions": 0, "minutes": 0.0,
    "pronunciation_avg": None, "fluency_avg": None, "grammar_avg": None,
}  # fmt: skip


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def practised(answer: dict[str, Any]) -> tuple[list[int], list[str]]:
    """Return the hours and the weekdays with sessions."""
    return (
        [hour["hour"] for hour in answer["hours"] if hour["sessions"]],
        [day["weekday"] for day in answer["weekdays"] if day["sessions"]],
    )


@pytest.mark.parametrize(
    ("period", "start"), [("month", "2026-03-02"), ("year", "2025-04-01"), ("all", None)]
)
def test_without_practice_every_hour_and_weekday_is_there(
    learner: Learner, period: str, start: str | None
) -> None:
    assert learner.get("/rhythm", period=period) == {
        "period": period,
        "period_start": start,
        "period_end": "2026-03-31",
        "hours": [{"hour": hour, **EMPTY} for hour in range(24)],
        "weekdays": [{"weekday": weekday, **EMPTY} for weekday in WEEKDAYS],
    }


def test_an_hour_and_a_weekday_add_up_their_sessions(learner: Learner) -> None:
    learner.save(completed_at="2026-03-30T18:00:00Z", duration_seconds=100, fluency_score=80)
    learner.save(
        completed_at="2026-03-23T18:59:59.999999Z", duration_seconds=100, fluency_score=85.5
    )
    learner.save(completed_at="2026-03-29T19:00:00Z", duration_seconds=60, grammar_score=0)
    answer = learner.get("/rhythm")
    evening = {**EMPTY, "sessions": 2, "minutes": 3.3, "fluency_avg": 82.8}
    later = {**EMPTY, "sessions": 1, "minutes": 1.0, "grammar_avg": 0.0}
    assert answer["hours"][18] == {"hour": 18, **evening}
    assert answer["hours"][19] == {"hour": 19, **later}
    assert answer["weekdays"][0] == {"weekday": "monday", **evening}
    assert answer["weekdays"][6] == {"weekday": "sunday", **later}
    assert sum(hour["sessions"] for hour in answer["hours"]) == 3


@pytest.mark.parametrize(
    ("completed_at", "zone", "hour", "weekday"),
    [
        ("2026-03-29T00:59:59Z", "Europe/Berlin", 1, "sunday"),
        ("2026-03-29T01:00:00Z", "Europe/Berlin", 3, "sunday"),  # the clocks skip 2:00 to 3:00
        ("2025-10-26T00:30:00Z", "Europe/Berlin", 2, "sunday"),
        ("2025-10-26T01:30:00Z", "Europe/Berlin", 2, "sunday"),  # 2:30 comes twice
        ("2026-03-29T12:00:00Z", "UTC+02:00", 14, "sunday"),
        ("2026-03-29T12:00:00Z", "UTC-12:00", 0, "sunday"),
        ("2026-03-29T12:00:00Z", "UTC+05:45", 17, "sunday"),
        ("2026-03-29T12:00:00Z", "UTC-09:30", 2, "sunday"),
        ("2026-03-29T12:00:00Z", "UTC+23:59", 11, "monday"),
        ("2026-03-29T12:00:00Z", "Etc/GMT+5", 7, "sunday"),
        ("2026-03-29T12:00:00Z", "UTC", 12, "sunday"),
        ("2026-03-29T12:00:00Z", "Etc/UTC", 12, "sunday"),
        ("2026-03-29T18:15:00Z", "Asia/Kathmandu", 0, "monday"),
    ],
)  # fmt: skip
def test_the_clock_is_that_of_the_sessions_own_zone(
    learner: Learner, completed_at: str, zone: str, hour: int, weekday: str
) -> None:
    learner.save(completed_at=completed_at, timezone=zone)
    learner.save(completed_at="2020-01-01T00:00:00Z", session_type="roleplay")
    answer = learner.get("/rhythm", period="year", timezone="America/New_York")
    assert practised(answer) == ([hour], [weekday])


def test_a_period_starts_with_the_learners_day(learner: Learner) -> None:
    learner.save(completed_at="2026-03-01T23:59:59Z")
    learner.save(completed_at="2026-03-02T00:00:00Z")
    answer = learner.get("/rhythm")
    assert answer["period_start"] == "2026-03-02"
    assert practised(answer) == ([0], ["monday"])
    earlier = learner.get("/rhythm", timezone="UTC-23:59")
    assert earlier["period_start"] == "2026-03-01"
    assert practised(earlier) == ([0, 23], ["monday", "sunday"])
    later = learner.get("/rhythm", timezone="Pacific/Kiritimati")
    assert later["period_start"] == "2026-03-03"
    assert practised(later) == ([], [])
    everything = learner.get("/rhythm", period="all")
    assert everything["period_start"] == "2026-03-01"
    assert practised(everything) == ([0, 23], ["monday", "sunday"])


def test_today_begins_when_the_learner_says(in_app: Flask, learner: Learner) -> None:
    prefer(learner.id, day_starts_at=4)
    with time_machine.travel(datetime(2026, 3, 31, 3, 59, tzinfo=UTC), tick=False):
        assert learner.get("/rhythm")["period_end"] == "2026-03-30"
    with time_machine.travel(datetime(2026, 3, 31, 4, tzinfo=UTC), tick=False):
        assert learner.get("/rhythm")["period_end"] == "2026-03-31"


def test_a_session_before_the_start_of_a_day_has_its_own_hour_on_the_weekday_before(
    in_app: Flask, learner: Learner
) -> None:
    prefer(learner.id, day_starts_at=4)
    learner.save(completed_at="2026-03-30T01:00:00Z")
    learner.save(completed_at="2026-03-30T04:00:00Z")
    for period in ("month", "year", "all"):
        assert practised(learner.get("/rhythm", period=period)) == ([1, 4], ["monday", "sunday"])


def test_type_and_language_narrow_the_rhythm(learner: Learner) -> None:
    learner.save(completed_at="2026-03-29T08:00:00Z", language="de")
    learner.save(completed_at="2026-03-29T09:00:00Z", language="es", session_type="roleplay")
    assert practised(learner.get("/rhythm", language="de"))[0] == [8]
    assert practised(learner.get("/rhythm", session_type="roleplay"))[0] == [9]
    assert practised(learner.get("/rhythm", session_type="roleplay", language="de"))[0] == []


def test_a_travellers_session_of_tomorrow_counts(learner: Learner) -> None:
    learner.save(completed_at="2026-03-31T11:00:00Z", timezone="Pacific/Kiritimati")
    for period in ("month", "year", "all"):
        answer = learner.get("/rhythm", period=period, timezone="America/New_York")
        assert answer["period_end"] == "2026-03-31"
        assert practised(answer) == ([1], ["wednesday"])


@pytest.mark.parametrize(
    ("name", "value"),
    [("period", "week"), ("timezone", "x"), ("session_type", "x"), ("days", "1")],
)
def test_a_broken_parameter_is_named(learner: Learner, name: str, value: str) -> None:
    response = learner.request("GET", "/api/sessions/rhythm", query_string={name: value})
    assert pointers(response) == [name]


def test_a_zone_that_the_database_does_not_know_yet_is_computed_here(
    app: Flask, learner: Learner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL has its own zones, older ones perhaps than Python."""
    newest = "Europe/New_Berlin"
    (tmp_path / "Europe").mkdir()
    rules = files("tzdata").joinpath("zoneinfo/Europe/Berlin").read_bytes()
    (tmp_path / newest).write_bytes(rules)
    monkeypatch.setattr(periods, "ZONE_NAMES", periods.ZONE_NAMES | {newest})
    try:
        zoneinfo.reset_tzpath([tmp_path])
        periods.zone.cache_clear()
        learner.save(completed_at="2026-03-29T01:00:00Z", timezone=newest)
        learner.save(completed_at="2026-03-28T12:00:00Z", timezone="UTC+02:00", fluency_score=70)
        with recorded(app) as sent:
            answer = learner.get("/rhythm")
    finally:
        zoneinfo.reset_tzpath()
        periods.zone.cache_clear()
        periods.zone_name.cache_clear()
    assert len(sent) == 2
    assert practised(answer) == ([3, 14], ["saturday", "sunday"])
    assert answer["hours"][14]["fluency_avg"] == 70.0


def day_of(instant: datetime, zone: str, day_starts_at: int) -> date:
    """Return the learner's day; far behind UTC it is never two days before that of UTC."""
    moment = local(instant, zone)
    is_before = moment.hour < day_starts_at and moment.date() >= instant.date()
    return moment.date() - timedelta(days=is_before)


@pytest.mark.parametrize("seed", range(8))
def test_the_rhythm_agrees_with_plain_arithmetic(in_app: Flask, seed: int) -> None:
    random, learner_id = Random(seed), str(uuid4())  # no secret
    day_starts_at = random.randrange(7)
    prefer(learner_id, day_starts_at=day_starts_at)
    sessions = []
    for _ in range(120):
        session = {
            "completed_at": NOW
            - timedelta(minutes=random.randrange(random.choice([45_000, 600_000]))),
            "timezone": random.choice(ZONES),
            "session_type": random.choice(["conversation", "roleplay"]),
            "duration_seconds": random.randrange(900),
            **{
                f"{skill}_score": random.choice([None, 33.3, 85.5, 100.0])
                for skill in ("pronunciation", "fluency", "grammar")
            },
        }
        sessions.append(session)
        service.save(learner_id, session, now=NOW)
    for period, days in (("month", 30), ("year", 365), ("all", 10_000)):
        zone = random.choice(ZONES)
        start = day_of(NOW, zone, day_starts_at) - timedelta(days=days - 1)
        hours, weekdays = defaultdict(list), defaultdict(list)
        for session in sessions:
            moment = local(session["completed_at"], session["timezone"])
            day = day_of(session["completed_at"], session["timezone"], day_starts_at)
            if session["session_type"] == "roleplay" and day >= start:
                hours[moment.hour].append(session)
                weekdays[WEEKDAYS[day.weekday()]].append(session)
        answer = rhythm(learner_id, period=period, zone_name=zone, session_type="roleplay", now=NOW)
        assert answer["hours"] == [{"hour": hour, **figures(hours[hour])} for hour in range(24)]
        assert answer["weekdays"] == [
            {"weekday": weekday, **figures(weekdays[weekday])} for weekday in WEEKDAYS
        ]


def figures(sessions: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "sessions": len(sessions),
        "minutes": round(sum(session["duration_seconds"] for session in sessions) / 60, 1),
        **{
            f"{skill}_avg": mean(sessions, skill)
            for skill in ("pronunciation", "fluency", "grammar")
        },
    }
