"""Two years of learners who travel, rest, pause and change their goals, against a brute-force calendar."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest

from tests.growth.calendars import (
    ONE_DAY,
    Set,
    Walked,
    day_on_the_wall,
    goals,
    name_of,
    pauses,
    rests,
    starts,
)
from tests.growth.practices import Practice
from vorex_sessions.growth.streaks import calendar, streak
from vorex_sessions.growth.totals import Totals, is_late, seconds_by_day
from vorex_sessions.growth.unlocking import accumulate
from vorex_sessions.periods import day_of
from vorex_sessions.preferences.history import WEEK_STARTS, WEEKDAYS, History, Preferences

# Clocks change in the morning, at midnight, by half an hour, by two hours, and not at all.
ZONES = [
    "Europe/Berlin",
    "America/Santiago",
    "Australia/Lord_Howe",
    "Antarctica/Troll",
    "Africa/Cairo",
    "Pacific/Kiritimati",
    "America/Los_Angeles",
    "UTC",
]
FIRST = datetime(2025, 1, 1, 5, tzinfo=UTC)
SHORTEST = 60


@dataclass
class Dated(Practice):
    """A session with a time of its own."""

    at: datetime = field(default=FIRST)

    @property
    def completed_at(self) -> datetime:
        return self.at


class Life:
    """A learner through two years, as the service would keep what is derived."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)  # no secret
        self.has = {
            name: self.random.random() < 0.6
            for name in ("day start", "rest", "pause", "goals", "travel", "late", "week start")
        }
        self.changes: list[Set] = []
        self.zone = self.random.choice(ZONES[:5])
        self.zone_of_latest = "UTC"
        self.sessions: list[Dated] = []
        self.totals = Totals()
        self.diligence = self.random.choice([0.5, 0.8, 0.95])

    @property
    def history(self) -> History:
        return History(
            Preferences(
                change.day,
                change.day_starts_at,
                change.week_starts_on,
                change.daily_goal,
                change.weekly_goal,
                change.rest_days,
                *(change.pause or (None, None)),
            )
            for change in self.changes
        )

    @property
    def day_starts_at(self) -> int:
        return self.changes[-1].day_starts_at if self.changes else 0

    def change(self, now: datetime) -> None:
        """Set something else, from today on; everything is counted again."""
        random, has = self.random, self.has
        hour = random.randrange(7) if has["day start"] else 0
        starts = (self.day_starts_at, hour)
        today = min(day_on_the_wall(now, self.zone_of_latest, start) for start in starts)
        if self.changes:
            today = max(today, self.changes[-1].day)
        start = today + timedelta(days=random.randrange(-10, 10))
        pause = (start, start + timedelta(days=random.randrange(25)))
        change = Set(
            today,
            hour,
            random.choice(WEEK_STARTS) if has["week start"] else "monday",
            random.choice([None, 1, 5, 10, 30]) if has["goals"] else 10,
            random.choice([None, 1, 3, 5, 7]) if has["goals"] else None,
            random.sample(WEEKDAYS, random.choice([0, 1, 2, 2, 7])) if has["rest"] else [],
            pause if has["pause"] and random.random() < 0.6 else None,
        )
        self.changes = [one for one in self.changes if one.day != today] + [change]
        self.totals, _ = accumulate(self.sessions, SHORTEST, history=self.history)

    def practise(self, now: datetime) -> None:
        """Save a session that ended now, or some days ago."""
        ago = self.random.choice([0, 0, 0, 30, 100]) if self.has["late"] else 0
        at = now - timedelta(hours=ago)
        day = day_on_the_wall(at, self.zone, self.day_starts_at)
        assert day == day_of(at, self.zone, self.day_starts_at)
        seconds = self.random.choice([20, 40, 59, 60, 299, 300, 598, 600, 1800])
        session = Dated(day, seconds, timezone=self.zone, at=at)
        days = seconds_by_day(self.sessions) if is_late(self.totals, [session]) else None
        self.totals, _ = accumulate(
            [session], SHORTEST, before=self.totals, days=days, history=self.history
        )
        self.sessions.append(session)
        self.zone_of_latest = self.totals.timezone or "UTC"

    def check(self, now: datetime, *, thoroughly: bool) -> None:
        """Compare with the calendar, and with counting all sessions again."""
        seconds: dict[date, int] = Counter()
        for session in self.sessions:
            seconds[session.practiced_on] += session.duration_seconds
        zone, hour = self.zone_of_latest, self.day_starts_at
        today = day_on_the_wall(now, zone, hour)
        shown = streak(self.totals, zone_name=zone, now=now, history=self.history)
        walked = Walked(seconds, today, SHORTEST, self.changes)
        assert (shown["current"], shown["freezes"]) == (walked.current, walked.freezes)
        assert shown["longest"] == walked.longest
        days, weeks = goals(seconds, SHORTEST, self.changes)
        assert (self.totals.goal_days, self.totals.goal_weeks) == (days, len(weeks))
        assert self.totals.goal_week_on == (weeks[-1] if weeks else None)
        self.check_calendar(seconds, today, walked)
        if thoroughly:
            recounted, _ = accumulate(self.sessions, SHORTEST, history=self.history)
            assert recounted == self.totals
            self.check_end(shown["ends_at"], seconds, today)

    def check_calendar(self, seconds: dict[date, int], today: date, walked: Walked) -> None:
        entries = calendar(
            self.totals, seconds, today=today, shortest_day=SHORTEST, history=self.history
        )
        later = sorted((day for day in seconds if day > today), reverse=True)
        span = [*later, *(today - age * ONE_DAY for age in range(28))]
        assert [entry["date"] for entry in entries] == span
        window = {day for day in span if day < today}
        assert {entry["date"] for entry in entries if entry["frozen"]} == walked.frozen & window
        for entry in entries:
            day = entry["date"]
            assert entry["practiced"] == (seconds.get(day, 0) >= SHORTEST)
            assert entry["rest"] == rests(self.changes, day), name_of(day)
            assert entry["paused"] == pauses(self.changes, day)

    def check_end(self, ends_at: str | None, seconds: dict[date, int], today: date) -> None:
        """The streak breaks at the first minute of the first day on which the walk finds it broken."""
        day = today
        for _ in range(80):
            day += ONE_DAY
            if Walked(seconds, day, SHORTEST, self.changes).current == 0:
                break
        else:
            assert ends_at is None  # there is no day but rest days to come
            return
        if ends_at is None:
            assert Walked(seconds, today, SHORTEST, self.changes).current == 0
        else:
            first = starts(day, self.zone_of_latest, self.day_starts_at)
            assert datetime.fromisoformat(ends_at) == first


@pytest.mark.parametrize("seed", range(16))
def test_two_years_of_a_learner_are_what_a_walk_along_the_calendar_finds(seed: int) -> None:
    life = Life(seed)
    now = FIRST
    step = 0
    while now < FIRST + timedelta(days=730):
        now += timedelta(hours=life.random.choice([5, 9, 14, 22, 31]))
        step += 1
        if life.random.random() < 0.01:
            life.diligence = life.random.choice([0.5, 0.8, 0.95])
        if life.has["travel"] and life.random.random() < 0.03:
            life.zone = life.random.choice(ZONES)
        if life.random.random() < 0.02:
            life.change(now)
        if life.random.random() < life.diligence:
            life.practise(now)
        if step % 40 == 0:
            life.check(now, thoroughly=step % 160 == 0)
    life.check(now, thoroughly=True)
    assert life.totals.days > 100
