"""Pure: which days a question is about, and which days before they are compared with."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import NamedTuple

from vorex_sessions.periods import DAYS, ONE_DAY
from vorex_sessions.preferences.history import WEEK_STARTS
from vorex_sessions.progress.calendars import Calendar, possible_days

CALENDAR_PERIODS = ("this_week", "last_week", "this_month", "last_month", "this_year", "last_year")
RANGE = "range"  # the period of who asks for two dates


class Asked(NamedTuple):
    """The name of a period, or RANGE and its two days."""

    period: str
    date_from: date = date.min
    date_to: date = date.max


@dataclass(frozen=True)
class Earlier:
    """The days that a window is compared with.

    `cut` is up to when sessions of the last day count, on the learner's clock: what is unfinished is compared
    with what was equally unfinished. None: the last day counts whole.
    """

    start: date
    end: date
    cut: datetime | None = None


@dataclass(frozen=True)
class Window:
    """The days of a period. `open_end`: a traveller's sessions dated after its last day count as well."""

    start: date
    end: date
    earlier: Earlier | None
    open_end: bool = True

    @property
    def last(self) -> date:
        """The last day whose sessions count."""
        return date.max if self.open_end else self.end


def window(asked: Asked, calendar: Calendar, clock: datetime) -> Window:
    """The window of any period but `all`, when the learner's clock shows this time."""
    if asked.period == RANGE:
        return _range(asked.date_from, asked.date_to, clock)
    if asked.period in DAYS:
        return _rolling(DAYS[asked.period] * ONE_DAY, clock)
    which, unit = asked.period.split("_")
    first = partial(_first_day, unit, calendar)
    return _this(unit, first, clock) if which == "this" else _last(first, clock)


def _rolling(length: timedelta, clock: datetime) -> Window:
    """So many days with today, compared with as many, up to the same time of day."""
    start = clock.date() + ONE_DAY - length
    cut = datetime.combine(start - ONE_DAY, clock.time())
    return Window(start, clock.date(), Earlier(start - length, start - ONE_DAY, cut))


def _this(unit: str, first: Callable[[date], date], clock: datetime) -> Window:
    """The current week, month or year, compared with the one before up to the same day and time.

    Where the one before has no such day (31 February), up to the end of the last day before it.
    """
    today = clock.date()
    start = first(today)
    before = first(start - ONE_DAY)
    if unit == "week":
        same = before + (today - start)
    else:
        same = _same_day(before.year, today.month if unit == "year" else before.month, today.day)
    cut = datetime.combine(same, clock.time()) if same.day == today.day or unit == "week" else None
    return Window(start, today, Earlier(before, same, cut))


def _last(first: Callable[[date], date], clock: datetime) -> Window:
    """The week, month or year that is over, compared with the one before."""
    end = first(clock.date()) - ONE_DAY
    start = first(end)
    before = Earlier(first(start - ONE_DAY), start - ONE_DAY)
    return Window(start, end, before, open_end=False)


def _range(start: date, end: date, clock: datetime) -> Window:
    """Two days and those between, compared with as many before; not compared before it has begun."""
    today = clock.date()
    length = end - start + ONE_DAY
    earlier = None
    if start <= today <= end:
        same = today - length
        earlier = Earlier(start - length, same, datetime.combine(same, clock.time()))
    elif end < today:
        earlier = Earlier(start - length, start - ONE_DAY)
    return Window(start, end, earlier, open_end=False)


def _first_day(unit: str, calendar: Calendar, day: date) -> date:
    if unit == "week":
        return calendar.week_start(day)
    return day.replace(day=1) if unit == "month" else day.replace(month=1, day=1)


def _same_day(year: int, month: int, day: int) -> date:
    """A day of a month, or the month's last day where it has no such day."""
    after = date(year + month // 12, month % 12 + 1, 1)
    return min(date(year, month, 1) + (day - 1) * ONE_DAY, after - ONE_DAY)


def possible_windows(asked: Asked, now: datetime) -> list[Window]:
    """Every window that may be the learner's, for who does not know the learner's calendar yet."""
    starts = WEEK_STARTS if asked.period.endswith("_week") else WEEK_STARTS[:1]
    calendars = [Calendar(week_starts_on=weekday) for weekday in starts]
    clocks = possible_days(now)
    return [window(asked, calendar, clock) for calendar in calendars for clock in clocks]
