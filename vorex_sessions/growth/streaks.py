"""Pure: a learner's streak, as of a day."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from vorex_sessions.growth.totals import Totals
from vorex_sessions.periods import ONE_DAY, day_of, stamp, zone

CALENDAR_DAYS = 28


def streak(totals: Totals, *, zone_name: str, now: datetime) -> dict[str, Any]:
    """The streak at `now` in a zone.

    Each past day without practice costs a freeze. With no freeze left the streak is broken, and `current`
    and `freezes` are 0. `ends_at` is when that happens without practice: the first moment of a day.
    """
    today = day_of(now, zone_name)
    alive = is_alive(totals, today)
    breaks_on = alive and totals.counted_on and _breaks_on(totals.counted_on, totals.freezes)
    has_practised = totals.counted_on is not None and totals.counted_on >= today
    return {
        "current": totals.current_streak if alive else 0,
        "longest": totals.longest_streak,
        "practiced_today": has_practised,
        "at_risk": bool(breaks_on) and not has_practised and breaks_on == today + ONE_DAY,
        "ends_at": stamp(_first_moment(breaks_on, zone_name)) if breaks_on else None,
        "last_practiced_on": totals.counted_on,
        "freezes": totals.freezes - _missed(totals, today) if alive else 0,
    }


def is_alive(totals: Totals, today: date) -> bool:
    """Whether the streak is unbroken: a freeze covers every day missed since."""
    return totals.counted_on is not None and _missed(totals, today) <= totals.freezes


def _missed(totals: Totals, today: date) -> int:
    """Days without practice since the last day that counts; today is not over yet."""
    return max(0, (today - totals.counted_on).days - 1) if totals.counted_on else 0


def _breaks_on(counted_on: date, freezes: int) -> date:
    return counted_on + (freezes + 2) * ONE_DAY


def _first_moment(day: date, zone_name: str) -> datetime:
    """The instant of a day's midnight; where the clocks skip it, the instant of the change."""
    return datetime(day.year, day.month, day.day, tzinfo=zone(zone_name)).astimezone(UTC)


def calendar(
    totals: Totals, seconds: Mapping[date, int], *, today: date, shortest_day: int
) -> list[dict[str, Any]]:
    """The last 28 days, newest first; `frozen`: missed, and covered by a freeze in the current streak."""
    days = [today - age * ONE_DAY for age in range(CALENDAR_DAYS)]
    counted = {day for day, total in seconds.items() if total >= shortest_day}
    first_day = _first_day(totals, counted, days[-1]) if is_alive(totals, today) else today
    return [
        {
            "date": day,
            "minutes": round(seconds.get(day, 0) / 60, 1),
            "practiced": day in counted,
            "frozen": first_day < day < today and day not in counted,
        }
        for day in days
    ]


def _first_day(totals: Totals, counted: set[date], earliest: date) -> date:
    """The first day of the current streak, or a day before the calendar's first."""
    streak_days = sorted((day for day in counted if day >= earliest), reverse=True)
    current = streak_days[: totals.current_streak]
    if len(current) == totals.current_streak:
        return current[-1]
    return earliest - ONE_DAY
