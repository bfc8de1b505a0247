"""Statistics of a thousand random histories, compared with plain arithmetic."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.progress.oracle import expected, fold
from tests.progress.preferring import prefer
from vorex_sessions.progress.stats import stats
from vorex_sessions.sessions import service
from vorex_sessions.sessions.entries import Outcome

ZONES = [
    "UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Pacific/Kiritimati",
    "Pacific/Pago_Pago", "Australia/Lord_Howe", "UTC+14:00", "UTC-12:00", "UTC+05:45",
]  # fmt: skip
# Around a day, a clock change, a leap day, a turn of the year.
NOWS = st.builds(
    lambda day, seconds: day + timedelta(seconds=seconds),
    st.sampled_from(
        [
            datetime(2026, 3, 29, tzinfo=UTC),
            datetime(2025, 10, 26, tzinfo=UTC),
            datetime(2024, 2, 29, tzinfo=UTC),
            datetime(2026, 1, 1, tzinfo=UTC),
            datetime(2026, 6, 15, tzinfo=UTC),
        ]
    ),
    st.integers(0, 86_399),
)
# Around the ends of months and years, days that other months do not have, and each start of a week.
BORDERS = st.builds(
    lambda day, shift, seconds: (
        datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=shift, seconds=seconds)
    ),
    st.sampled_from(
        [
            date(2026, 3, 31),
            date(2025, 3, 1),
            date(2024, 2, 29),
            date(2025, 12, 31),
            date(2026, 3, 14),
            date(2026, 10, 25),
        ]
    ),
    st.integers(-1, 4),
    st.integers(0, 86_399),
)
# A first day, so many days before today, and a length.
RANGES = st.tuples(
    st.one_of(st.integers(-3, 70), st.sampled_from([364, 365, 366, 400, 730])),
    st.sampled_from([1, 2, 7, 28, 30, 31, 32, 59, 60, 365, 366, 800]),
)
# Mostly near the borders of the periods, in steps that hit the same time of day exactly.
AGES = st.one_of(
    st.sampled_from([0, 1, 6, 7, 8, 13, 14, 15, 29, 30, 31, 59, 60, 61, 364, 365, 366, 729, 730]),
    st.integers(0, 800),
)
DAY_STARTS = st.sampled_from([0, 0, 1, 4, 6])
SCORES = st.one_of(st.none(), st.integers(0, 1000).map(lambda tenth: tenth / 10), st.just(100.0))
NAMES = st.lists(st.sampled_from(["Food", "food", "FOOD", "travel", "straße", "STRASSE", "é", "ﬁsh", "FISH"]),
                 max_size=3, unique_by=fold)  # fmt: skip
SESSIONS_QUERY = st.fixed_dictionaries(
    {
        "age": st.tuples(AGES, st.integers(-12, 12), st.sampled_from([0, 0, 1, 1800, 3599])),
        "timezone": st.sampled_from(ZONES),
        "language": st.sampled_from(["de", "es", "pt-BR"]),
        "session_type": st.sampled_from(["conversation", "pronunciation", "roleplay"]),
        "duration_seconds": st.integers(0, 4000),
        "words_spoken": st.integers(0, 1000),
        "pronunciation_score": SCORES,
        "fluency_score": SCORES,
        "grammar_score": SCORES,
        "topics": NAMES,
        "areas_to_improve": NAMES,
    }
)


def completed(session: dict[str, Any], now: datetime) -> dict[str, Any]:
    days, hours, seconds = session["age"]
    moment = now - timedelta(days=days, hours=hours, seconds=seconds)
    content = {name: value for name, value in session.items() if name != "age"}
    return {**content, "completed_at": min(moment, now)}


def near(left: Any, right: Any) -> bool:
    """Return whether two answers are equal, except for the last digit of a mean that is a tie."""
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(near(left[name], right[name]) for name in left)
    if isinstance(left, list):
        return len(left) == len(right) and all(map(near, left, right))
    if isinstance(left, float) and isinstance(right, float):
        return abs(left - right) < 1e-9
    return bool(left == right)


def saved(learner_id: str, history: list[dict], now: datetime) -> list[dict[str, Any]]:
    """Save a history; return its sessions as sent."""
    sessions, instants = [], set()
    for session in history:
        content = completed(session, now)
        if content["completed_at"] not in instants:  # ids would decide which equal instant is last
            instants.add(content["completed_at"])
            sessions.append(content)
    if sessions:
        outcomes = service.save_batch(learner_id, sessions[1:], now=now)
        outcomes.append(service.save(learner_id, sessions[0], now=now))
        assert all(isinstance(outcome, Outcome) for outcome in outcomes)
    return sessions


@settings(
    max_examples=500,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    history=st.lists(SESSIONS_QUERY, max_size=9),
    now=NOWS,
    zone=st.one_of(st.none(), st.sampled_from(ZONES)),
    kind=st.sampled_from([None, None, "conversation", "roleplay"]),
    language=st.sampled_from([None, None, "de", "pt-BR"]),
    day_starts_at=DAY_STARTS,
)
def test_stats_agree_with_plain_arithmetic(
    in_app: Flask,
    history: list[dict],
    now: datetime,
    zone: str | None,
    kind: str | None,
    language: str | None,
    day_starts_at: int,
) -> None:
    learner_id = str(uuid4())
    if day_starts_at:
        prefer(learner_id, day_starts_at=day_starts_at)
    sessions = saved(learner_id, history, now)
    for period in ("day", "week", "month", "year", "all"):
        narrowed = {"session_type": kind, "language": language}
        result = stats(learner_id, period=period, zone_name=zone, now=now, **narrowed)
        day = {"day_starts_at": day_starts_at}
        wanted = expected(sessions, period, zone, kind, language, now, **day)
        assert near(result, wanted), (period, result, wanted)


@settings(
    max_examples=400,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    history=st.lists(SESSIONS_QUERY, max_size=9),
    now=st.one_of(NOWS, BORDERS),
    zone=st.one_of(st.none(), st.sampled_from(ZONES)),
    kind=st.sampled_from([None, None, None, "roleplay"]),
    language=st.sampled_from([None, None, None, "de"]),
    week_starts_on=st.sampled_from([None, "monday", "sunday", "saturday"]),
    day_starts_at=DAY_STARTS,
    ranges=st.lists(RANGES, min_size=1, max_size=3),
)
def test_calendar_periods_and_ranges_agree_with_plain_arithmetic(
    in_app: Flask,
    history: list[dict],
    now: datetime,
    zone: str | None,
    kind: str | None,
    language: str | None,
    week_starts_on: str | None,
    day_starts_at: int,
    ranges: list[tuple[int, int]],
) -> None:
    learner_id = str(uuid4())
    weeks = {"week_starts_on": week_starts_on or "monday", "day_starts_at": day_starts_at}
    if week_starts_on or day_starts_at:
        prefer(learner_id, **weeks)
    sessions = saved(learner_id, history, now)
    narrowed = {"zone_name": zone, "session_type": kind, "language": language}
    for period in (
        f"{which}_{unit}" for unit in ("week", "month", "year") for which in ("this", "last")
    ):
        result = stats(learner_id, period=period, now=now, **narrowed)
        wanted = expected(sessions, period, zone, kind, language, now, **weeks)
        assert near(result, wanted), (period, result, wanted)
    for age, length in ranges:
        first = now.date() - timedelta(days=age)
        dates = first, first + timedelta(days=length - 1)
        result = stats(learner_id, date_from=dates[0], date_to=dates[1], now=now, **narrowed)
        wanted = expected(sessions, "range", zone, kind, language, now, dates=dates, **weeks)
        assert near(result, wanted), (dates, result, wanted)
