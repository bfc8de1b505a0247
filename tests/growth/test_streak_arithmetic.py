"""The arithmetic of streaks, compared with the reference in calendars.py."""

from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.growth.calendars import Walked
from tests.growth.practices import FIRST, Practice, habits, on, scattered
from vorex_sessions.growth.streaks import calendar, streak
from vorex_sessions.growth.totals import Totals, is_late, seconds_by_day
from vorex_sessions.growth.unlocking import accumulate
from vorex_sessions.periods import day_of


def at(day: int) -> datetime:
    return datetime(2026, 1, 1, 12, tzinfo=UTC) + timedelta(days=day)


def streak_on(sessions: list[Practice], day: int) -> dict:
    totals, _ = accumulate(sessions, 60)
    return streak(totals, zone_name="UTC", now=at(day))


@given(scattered | habits, st.integers(0, 75))
def test_a_streak_is_what_a_walk_along_the_calendar_finds(
    sessions: list[Practice], day: int
) -> None:
    today = FIRST + timedelta(days=day)
    sessions = [
        session for session in sessions if session.practiced_on <= today + timedelta(days=1)
    ]
    seconds: dict[date, int] = {}
    for session in sessions:
        earlier = seconds.get(session.practiced_on, 0)
        seconds[session.practiced_on] = earlier + session.duration_seconds
    totals, _ = accumulate(sessions, 60)
    result = streak(totals, zone_name="UTC", now=at(day))
    walked = Walked(seconds, today, 60)
    assert (result["current"], result["longest"]) == (walked.current, walked.longest)
    assert result["freezes"] == walked.freezes
    shown = calendar(totals, seconds, today=today, shortest_day=60)
    window = {today - timedelta(days=age) for age in range(1, 28)}
    assert {entry["date"] for entry in shown if entry["frozen"]} == walked.frozen & window


@given(scattered, st.integers())
def test_the_order_in_which_sessions_arrive_does_not_matter(sessions: list, seed: int) -> None:
    expected, _ = accumulate(sessions, 60)
    totals, arrived = Totals(), []
    for session in Random(seed).sample(sessions, len(sessions)):  # no secret
        arrived.append(session)
        late = is_late(totals, [session])
        days = seconds_by_day(arrived[:-1]) if late else None
        totals, _ = accumulate([session], 60, before=totals, days=days)
    assert totals == expected


@given(scattered | habits, st.integers(0, 75))
def test_a_streak_ends_at_the_moment_it_says_and_not_before(sessions: list, day: int) -> None:
    result = streak_on(sessions, day)
    if result["ends_at"] is None:
        assert result["current"] == 0
        return
    totals, _ = accumulate(sessions, 60)
    end = datetime.fromisoformat(result["ends_at"])
    eve = streak(totals, zone_name="UTC", now=end - timedelta(microseconds=1))
    after = streak(totals, zone_name="UTC", now=end)
    assert eve["current"] == result["current"] > 0
    assert eve["at_risk"] or eve["practiced_today"]
    assert (after["current"], after["freezes"], after["ends_at"]) == (0, 0, None)


def test_a_week_earns_a_freeze_and_a_missed_day_spends_it() -> None:
    week = on(*range(7))
    assert streak_on(week, 6)["freezes"] == 1
    assert streak_on(week, 7) == {
        "current": 7,
        "longest": 7,
        "practiced_today": False,
        "at_risk": False,
        "ends_at": "2026-01-10T00:00:00.000000Z",
        "last_practiced_on": FIRST + timedelta(days=6),
        "freezes": 1,
    }
    after = streak_on(week, 8)
    assert (after["current"], after["freezes"], after["at_risk"]) == (7, 0, True)
    assert streak_on(week, 9)["current"] == 0
    assert streak_on([*week, *on(8)], 8)["current"] == 8


def test_no_more_than_two_freezes_are_kept() -> None:
    assert streak_on(on(*range(28)), 27)["freezes"] == 2


def test_short_sessions_of_a_day_count_together() -> None:
    assert streak_on(on(0, 0, seconds=30), 0)["current"] == 1
    assert streak_on(on(0, seconds=59), 0)["current"] == 0


@pytest.mark.parametrize(
    ("zone_name", "now", "ends_at"),
    [
        # The clocks of Santiago skip midnight on 6 September 2026: the day begins at 01:00.
        ("America/Santiago", "2026-09-04T15:00:00+00:00", "2026-09-06T04:00:00.000000Z"),
        ("Europe/Berlin", "2026-03-28T12:00:00+00:00", "2026-03-29T22:00:00.000000Z"),
        ("Pacific/Kiritimati", "2026-03-28T12:00:00+00:00", "2026-03-30T10:00:00.000000Z"),
        ("UTC-11:00", "2026-03-28T12:00:00+00:00", "2026-03-30T11:00:00.000000Z"),
    ],
)
def test_a_streak_ends_at_the_learners_own_midnight(zone_name: str, now: str, ends_at: str) -> None:
    instant = datetime.fromisoformat(now)
    totals, _ = accumulate([Practice(day_of(instant, zone_name))], 60)
    assert streak(totals, zone_name=zone_name, now=instant)["ends_at"] == ends_at


def test_a_session_dated_tomorrow_by_a_traveller_counts_today() -> None:
    result = streak_on(on(0, 1, 2), 1)
    assert (result["current"], result["practiced_today"], result["at_risk"]) == (3, True, False)


def test_a_session_dated_tomorrow_is_not_practice_of_today() -> None:
    totals, _ = accumulate(on(0, 2), 60)
    result = streak(totals, zone_name="UTC", now=at(1), has_practised=False)
    assert (result["practiced_today"], result["at_risk"]) == (False, False)
