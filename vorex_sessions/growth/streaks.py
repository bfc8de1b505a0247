"""Pure: the streak rule, and a learner's streak as of a day."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from vorex_sessions.periods import ONE_DAY, day_of, stamp, zone

CALENDAR_DAYS = 28
FREEZE_EVERY = 7  # days of streak
MOST_FREEZES = 2


@dataclass
class Streak:
    """Days that count (STREAK_MIN_SECONDS) in a row. A freeze is a credit that covers one missed day."""

    days: int = 0  # that counted, in all
    counted_on: date | None = None  # the last of them
    current_streak: int = 0
    longest_streak: int = 0
    freezes: int = 0

    def count_day(self, day: date) -> None:
        """Add a day to the streak, or begin a new streak; each day missed between costs a freeze."""
        missed = (day - self.counted_on).days - 1 if self.counted_on else 0
        self.current_streak, self.freezes = _next(self.current_streak, self.freezes, missed)
        self.longest_streak = max(self.longest_streak, self.current_streak)
        self.counted_on = day
        self.days += 1

    def count_days(self, days: Sequence[int]) -> None:
        """Count all days that count again, in order, as ordinals. Fast: a batch may do it a hundred times."""
        current = freezes = longest = 0
        last = days[0] - 1 if days else 0
        for day in days:
            current, freezes = _next(current, freezes, day - last - 1)
            if current > longest:
                longest = current
            last = day
        self.days, self.counted_on = len(days), date.fromordinal(last) if days else None
        self.current_streak, self.longest_streak, self.freezes = current, longest, freezes


def of_days(ordinals: Iterable[int]) -> Streak:
    """The streak of the days that count, as ordinals in any order."""
    state = Streak()
    state.count_days(sorted(ordinals))
    return state


def _next(current: int, freezes: int, missed: int) -> tuple[int, int]:
    """The streak and its freezes with another day that counts, after so many that were missed."""
    if missed > freezes:
        current = freezes = 0
    else:
        freezes -= missed
    current += 1
    if current % FREEZE_EVERY == 0 and freezes < MOST_FREEZES:
        freezes += 1
    return current, freezes


def streak(
    state: Streak, *, zone_name: str, now: datetime, has_practised: bool | None = None
) -> dict[str, Any]:
    """The streak at `now` in a zone.

    `has_practised`: whether today counts, which the state does not know where its last day is after today.
    Each past day without practice costs a freeze. With no freeze left the streak is broken, and `current`
    and `freezes` are 0. `ends_at` is when that happens without practice: the first moment of a day.
    """
    today = day_of(now, zone_name)
    alive = is_alive(state, today)
    breaks_on = alive and state.counted_on and _breaks_on(state.counted_on, state.freezes)
    if has_practised is None:
        has_practised = state.counted_on is not None and state.counted_on >= today
    return {
        "current": state.current_streak if alive else 0,
        "longest": state.longest_streak,
        "practiced_today": has_practised,
        "at_risk": bool(breaks_on) and not has_practised and breaks_on == today + ONE_DAY,
        "ends_at": stamp(_first_moment(breaks_on, zone_name)) if breaks_on else None,
        "last_practiced_on": state.counted_on,
        "freezes": state.freezes - _missed(state, today) if alive else 0,
    }


def is_alive(state: Streak, today: date) -> bool:
    """Whether the streak is unbroken: a freeze covers every day missed since."""
    return state.counted_on is not None and _missed(state, today) <= state.freezes


def _missed(state: Streak, today: date) -> int:
    """Days without practice since the last day that counts; today is not over yet."""
    return max(0, (today - state.counted_on).days - 1) if state.counted_on else 0


def _breaks_on(counted_on: date, freezes: int) -> date:
    return counted_on + (freezes + 2) * ONE_DAY


def _first_moment(day: date, zone_name: str) -> datetime:
    """The instant of a day's midnight; where the clocks skip it, the instant of the change."""
    return datetime(day.year, day.month, day.day, tzinfo=zone(zone_name)).astimezone(UTC)


def calendar(
    state: Streak, seconds: Mapping[date, int], *, today: date, shortest_day: int
) -> list[dict[str, Any]]:
    """The last 28 days, newest first; `frozen`: missed, and covered by a freeze in the current streak."""
    days = [today - age * ONE_DAY for age in range(CALENDAR_DAYS)]
    counted = {day for day, total in seconds.items() if total >= shortest_day}
    first_day = _first_day(state, counted, days[-1]) if is_alive(state, today) else today
    return [
        {
            "date": day,
            "minutes": round(seconds.get(day, 0) / 60, 1),
            "practiced": day in counted,
            "frozen": first_day < day < today and day not in counted,
        }
        for day in days
    ]


def _first_day(state: Streak, counted: set[date], earliest: date) -> date:
    """The first day of the current streak, or a day before the calendar's first."""
    streak_days = sorted((day for day in counted if day >= earliest), reverse=True)
    current = streak_days[: state.current_streak]
    if len(current) == state.current_streak:
        return current[-1]
    return earliest - ONE_DAY
