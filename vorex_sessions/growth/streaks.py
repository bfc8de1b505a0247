"""Pure: the streak rule, and a learner's streak as of a day."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from vorex_sessions.periods import ONE_DAY, day_of, first_moment, stamp
from vorex_sessions.preferences.history import NOTHING_SET, History
from vorex_sessions.progress.figures import minutes

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

    def count_day(self, day: date, history: History = NOTHING_SET) -> None:
        """Add a day to the streak, or begin a new streak; each day missed between costs a freeze."""
        last = self.counted_on
        missed = history.missed(last.toordinal(), day.toordinal()) if last else 0
        self.current_streak, self.freezes = _next(self.current_streak, self.freezes, missed)
        self.longest_streak = max(self.longest_streak, self.current_streak)
        self.counted_on = day
        self.days += 1

    def count_days(self, days: Sequence[int], history: History = NOTHING_SET) -> None:
        """Count all days that count again, in order, as ordinals. Fast: a batch may do it a hundred times."""
        current = freezes = longest = 0
        last = days[0] - 1 if days else 0
        for day in days:
            missed = history.missed(last, day) if day - last > 1 else 0
            current, freezes = _next(current, freezes, missed)
            if current > longest:
                longest = current
            last = day
        self.days, self.counted_on = len(days), date.fromordinal(last) if days else None
        self.current_streak, self.longest_streak, self.freezes = current, longest, freezes


def of_days(ordinals: Iterable[int], history: History) -> Streak:
    """The streak of the days that count, as ordinals in any order."""
    state = Streak()
    state.count_days(sorted(ordinals), history)
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
    state: Streak,
    *,
    zone_name: str,
    now: datetime,
    history: History = NOTHING_SET,
    has_practised: bool | None = None,
) -> dict[str, Any]:
    """The streak at `now` in a zone.

    `has_practised`: whether today counts, which the state does not know where its last day is after today.
    Each past day without practice costs a freeze, unless it is a rest day or paused. With no freeze left the
    streak is broken, and `current` and `freezes` are 0. `ends_at` is when that happens without practice: the
    first moment of a day.
    """
    day_starts_at = history.latest.day_starts_at
    today = day_of(now, zone_name, day_starts_at)
    alive = is_alive(state, today, history)
    last = state.counted_on
    breaks_on = history.breaks_on(last, state.freezes) if alive and last else None
    if has_practised is None:
        has_practised = state.counted_on is not None and state.counted_on >= today
    return {
        "current": state.current_streak if alive else 0,
        "longest": state.longest_streak,
        "practiced_today": has_practised,
        "at_risk": not has_practised and breaks_on == today + ONE_DAY,
        "ends_at": stamp(first_moment(breaks_on, zone_name, day_starts_at)) if breaks_on else None,
        "last_practiced_on": state.counted_on,
        "freezes": state.freezes - _missed(state, today, history) if alive else 0,
    }


def is_alive(state: Streak, today: date, history: History = NOTHING_SET) -> bool:
    """Whether the streak is unbroken: a freeze covers every day missed since."""
    return state.counted_on is not None and _missed(state, today, history) <= state.freezes


def _missed(state: Streak, today: date, history: History) -> int:
    """Days without practice since the last day that counts; today is not over yet."""
    last = state.counted_on
    return history.missed(last.toordinal(), today.toordinal()) if last else 0


def calendar(
    state: Streak,
    seconds: Mapping[date, int],
    *,
    today: date,
    shortest_day: int,
    history: History = NOTHING_SET,
) -> list[dict[str, Any]]:
    """The last 28 days, newest first, after any later days with a traveller's sessions.

    `frozen`: missed, and covered by a freeze in the current streak.
    """
    days = [today - age * ONE_DAY for age in range(CALENDAR_DAYS)]
    later = sorted((day for day in seconds if day > today), reverse=True)
    counted = {day for day, total in seconds.items() if total >= shortest_day}
    first_day = _first_day(state, counted, days[-1]) if is_alive(state, today, history) else today
    shown = []
    for day in (*later, *days):
        set_then = history.on(day)
        rest, paused = set_then.rests_on(day), set_then.pauses_on(day)
        is_missed = first_day < day < today and day not in counted
        shown.append(
            {
                "date": day,
                "minutes": minutes(seconds.get(day, 0)),
                "practiced": day in counted,
                "frozen": is_missed and not rest and not paused,
                "rest": rest,
                "paused": paused,
            }
        )
    return shown


def _first_day(state: Streak, counted: set[date], earliest: date) -> date:
    """The first day of the current streak, or a day before the calendar's first."""
    streak_days = sorted((day for day in counted if day >= earliest), reverse=True)
    current = streak_days[: state.current_streak]
    if len(current) == state.current_streak:
        return current[-1]
    return earliest - ONE_DAY
