"""Pure: what a learner has set, day by day, and what follows for the days of a streak."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
WEEK_STARTS = ("monday", "sunday", "saturday")
_EVERY_DAY = 0b1111111


class Preferences(NamedTuple):
    """What is set from a day on, in the order of the columns of learner_preferences."""

    set_on: date = date.min
    day_starts_at: int = 0
    week_starts_on: str = WEEK_STARTS[0]
    daily_goal_minutes: int | None = 10
    weekly_goal_days: int | None = None
    rest_days: Sequence[str] = ()
    pause_from: date | None = None
    pause_to: date | None = None

    def rests_on(self, day: date) -> bool:
        """Whether the day is a rest day."""
        return WEEKDAYS[day.weekday()] in self.rest_days

    def pauses_on(self, day: date) -> bool:
        """Whether the day is within the pause."""
        if self.pause_from is None or self.pause_to is None:
            return False
        return self.pause_from <= day <= self.pause_to

    def week_start(self, day: date) -> date:
        """The first day of the week that a day belongs to."""
        return week_start(day, self.week_starts_on)


def week_start(day: date, week_starts_on: str) -> date:
    """The first day of the week that a day belongs to, where weeks start on this weekday."""
    return day - timedelta(days=(day.weekday() - WEEKDAYS.index(week_starts_on)) % 7)


DEFAULTS = Preferences(rest_days=[])


class History:
    """All that a learner has set. Before the first day that anything was set, the defaults are in force.

    Ordinals of days are counted with, since a batch may count all days of a learner a hundred times.
    """

    def __init__(self, rows: Iterable[Preferences] = ()) -> None:
        self._rows = (DEFAULTS, *rows)
        self._since = [row.set_on.toordinal() for row in self._rows]
        # Spans of days with the same excused weekdays, as bits; how many days are excused before each.
        self._starts, self._excused, self._before = [0], [0], [0]
        for row, end in zip(self._rows, [*self._since[1:], None], strict=True):
            for start, weekdays in _spans(row, end):
                self._before.append(self._excused_before(start))
                self._starts.append(start)
                self._excused.append(weekdays)
        self._never_excuses = not any(self._excused)
        self.has_weekly_goal = any(row.weekly_goal_days for row in self._rows)

    @property
    def is_empty(self) -> bool:
        """Whether nothing was ever set."""
        return len(self._rows) == 1

    @property
    def latest(self) -> Preferences:
        """What is set now."""
        return self._rows[-1]

    def on(self, day: date) -> Preferences:
        """What was in force on a day."""
        if self.is_empty:
            return DEFAULTS
        return self._rows[bisect_right(self._since, day.toordinal()) - 1]

    def goal_seconds(self, day: date) -> int | None:
        """The goal of a day in seconds; None before the first day that one was set."""
        set_then = self.on(day)
        if set_then is DEFAULTS or set_then.daily_goal_minutes is None:
            return None
        return set_then.daily_goal_minutes * 60

    def missed(self, after: int, before: int) -> int:
        """How many days lie between two others that are neither rest days nor paused."""
        if after >= before - 1:
            return 0
        between = before - after - 1
        if self._never_excuses:
            return between
        return between - self._excused_before(before) + self._excused_before(after + 1)

    def breaks_on(self, counted_on: date, freezes: int) -> date | None:
        """The first day before which more days are missed than there are freezes; None: no day ever."""
        last = counted_on.toordinal()
        if self._never_excuses:
            return date.fromordinal(last + freezes + 2)
        days = range(last + 1, last + 64)
        if (
            self.missed(last, days[-1]) <= freezes
        ):  # rare: nine weeks without a day that could be missed
            days = range(last + 1, date.max.toordinal() + 1)
        place = bisect_left(days, freezes + 1, key=lambda day: self.missed(last, day))
        return date.fromordinal(days[place]) if place < len(days) else None

    def _excused_before(self, day: int) -> int:
        """How many days before this one are rest days or paused."""
        span = bisect_left(self._starts, day) - 1
        if span < 0:
            return 0
        start, weekdays = self._starts[span], self._excused[span]
        if not weekdays:
            return self._before[span]
        weeks, rest = divmod(day - start, 7)
        some = sum(weekdays >> (number + 6) % 7 & 1 for number in range(day - rest, day))
        return self._before[span] + weeks * weekdays.bit_count() + some


def _spans(row: Preferences, end: int | None) -> list[tuple[int, int]]:
    """The first day of each span of a row that is in force until `end`, with its excused weekdays."""
    start = row.set_on.toordinal()
    weekdays = sum(1 << WEEKDAYS.index(name) for name in row.rest_days)
    spans = [(start, weekdays)]
    if row.pause_from is None or row.pause_to is None:
        return spans
    first, after = max(start, row.pause_from.toordinal()), row.pause_to.toordinal() + 1
    if first < after and (end is None or first < end):
        spans = [*(spans if first > start else ()), (first, _EVERY_DAY)]
        if end is None or after < end:
            spans.append((after, weekdays))
    return spans


NOTHING_SET = History()


def from_json(rows: Sequence[Sequence[Any]] | None) -> History:
    """The history in the value of store.HISTORY."""
    return History(_row(*row) for row in rows) if rows else NOTHING_SET


def _row(set_on: str, *rest: Any) -> Preferences:
    *others, pause_from, pause_to = rest
    days = [day and date.fromisoformat(day) for day in (pause_from, pause_to)]
    return Preferences(date.fromisoformat(set_on), *others, *days)
