"""Pure: what a learner's streak looks like on a day."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from vorex_sessions.growth.totals import Totals
from vorex_sessions.periods import ONE_DAY, day_of, stamp, zone

CALENDAR_DAYS = 28


def streak(totals: Totals, *, zone_name: str, now: datetime) -> dict[str, Any]:
    """The streak at `now` in a zone.

    A day without practice that has ended costs a freeze; with none left the streak is broken, and both
    are 0. `ends_at` is when that happens if the learner does nothing: the first moment of a day.
    """
    today = day_of(now, zone_name)
    alive = is_alive(totals, today)
    breaks_on = alive and totals.counted_on and _breaks_on(totals.counted_on, totals.freezes)
    done = totals.counted_on is not None and totals.counted_on >= today
    return {
        "current": totals.current_streak if alive else 0,
        "longest": totals.longest_streak,
        "practiced_today": done,
        "at_risk": bool(breaks_on) and not done and breaks_on == today + ONE_DAY,
        "ends_at": stamp(_first_moment(breaks_on, zone_name)) if breaks_on else None,
        "last_practiced_on": totals.counted_on,
        "freezes": totals.freezes - _missed(totals, today) if alive else 0,
    }


def is_alive(totals: Totals, today: date) -> bool:
    """Whether the streak still stands: every day missed since is covered by a freeze."""
    return totals.counted_on is not None and _missed(totals, today) <= totals.freezes


def _missed(totals: Totals, today: date) -> int:
    """Days without practice since the last that counted; today is not over yet."""
    return max(0, (today - totals.counted_on).days - 1) if totals.counted_on else 0


def _breaks_on(counted_on: date, freezes: int) -> date:
    return counted_on + (freezes + 2) * ONE_DAY


def _first_moment(day: date, zone_name: str) -> datetime:
    """Of a day's midnight; where the clocks skip it, the moment they do."""
    return datetime(day.year, day.month, day.day, tzinfo=zone(zone_name)).astimezone(UTC)


def calendar(
    totals: Totals, seconds: Mapping[date, int], *, today: date, shortest_day: int
) -> list[dict[str, Any]]:
    """The last 28 days, newest first; `frozen`: missed, and covered by a freeze in the current streak."""
    days = [today - age * ONE_DAY for age in range(CALENDAR_DAYS)]
    counted = {day for day, total in seconds.items() if total >= shortest_day}
    began = _began(totals, counted, days[-1]) if is_alive(totals, today) else today
    return [
        {
            "date": day,
            "minutes": round(seconds.get(day, 0) / 60, 1),
            "practiced": day in counted,
            "frozen": began < day < today and day not in counted,
        }
        for day in days
    ]


def _began(totals: Totals, counted: set[date], earliest: date) -> date:
    """The first day of the current streak, or a day before the calendar's first."""
    run = sorted((day for day in counted if day >= earliest), reverse=True)
    within = run[: totals.current_streak]
    if len(within) == totals.current_streak:
        return within[-1]
    return earliest - ONE_DAY
