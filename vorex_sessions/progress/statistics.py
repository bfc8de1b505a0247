"""Pure: rows of a period from the database -> the learner's statistics."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any

import orjson

from vorex_sessions.periods import FIRST_DAY, ONE_DAY
from vorex_sessions.progress import figures
from vorex_sessions.progress.calendars import Calendar, calendar
from vorex_sessions.progress.figures import Sums, Tally
from vorex_sessions.progress.windows import Asked, Earlier, Window, window
from vorex_sessions.turns import in_turns, in_turns_if_many

_MOST_NAMES = 10


@dataclass
class PeriodData:
    """The learner's calendar, tallies, and names of topics and areas: those of a day, and how often each."""

    calendar: Calendar = field(default_factory=Calendar)
    tallies: list[Tally] = field(default_factory=list)
    names: dict[str, list[tuple[date | None, Sequence[str], int]]] = field(
        default_factory=lambda: {"topic": [], "area": []}
    )

    def counted(self, kind: str, days: Window) -> dict[str, int]:
        """How many sessions of these days name each topic or area, by spelling."""
        counts: dict[str, int] = {}
        first, last = days.start, days.last
        for day, names, count in in_turns_if_many(self.names[kind]):
            if day is None or first <= day <= last:
                for name in names:
                    counts[name] = counts.get(name, 0) + count
        return counts


def from_sessions(rows: Collection[Sequence[Any]]) -> PeriodData:
    """The data in the rows of queries.SESSIONS_QUERY or RANGE_SESSIONS."""
    data = PeriodData()
    for zone_name, day_starts_at, week_starts_on, topics, areas, *rest in in_turns_if_many(rows):
        if not data.tallies:
            data.calendar = calendar(zone_name, day_starts_at, week_starts_on)
        day = rest[0]
        if day is None:
            break  # no session in the range: the one row carries the calendar only
        data.tallies.append(figures.tally_of(*rest))
        if topics is not None:  # None: before the days whose names are counted
            data.names["topic"].append((day, topics, 1))
            data.names["area"].append((day, areas, 1))
    return data


def from_groups(rows: Iterable[Sequence[Any]]) -> PeriodData:
    """The data in the rows of queries.DAY_GROUPS or RANGE_GROUPS, or of rollups.EVERYTHING."""
    data = PeriodData()
    for kind, name, *tally in in_turns(_expanded(rows)):
        if kind == "calendar":
            data.calendar = calendar(name, day_starts_at=tally[3], week_starts_on=tally[2])
        elif kind == "figures":
            data.tallies.append(Tally(*tally))
        else:
            data.names[kind].append((tally[0], (name,), tally[3]))
    return data


def _expanded(rows: Iterable[Sequence[Any]]) -> Iterator[Sequence[Any]]:
    """The rows, where a rollup is replaced by the rows in its JSON."""
    for row in rows:
        if row[0] != "rollup":
            yield row
            continue
        for kind, name, day, *rest in orjson.loads(row[1]):
            yield kind, name, day and date.fromisoformat(day), *rest


def statistics(
    data: PeriodData,
    asked: Asked,
    *,
    zone_name: str | None = None,
    now: datetime,
    changes_at: Callable[[datetime], object] = lambda instant: None,
) -> dict[str, Any]:
    """The statistics as the API returns them, of any period.

    Calls `changes_at` with the instants at which they change without a new session.
    """
    learners = data.calendar.in_zone(zone_name)
    changes_at(learners.end_of_today(now))
    if asked.period == "all":
        start = min((tally.practiced_on for tally in data.tallies), default=None)
        days = Window(start or FIRST_DAY, learners.today(now), None)
        return {"period": "all", "period_start": start, **_answer(data, days), "previous": None}
    days = window(asked, learners, learners.clock(now))
    if change := next_change(data, days, learners, now):
        changes_at(change)
    return {
        "period": asked.period,
        "period_start": days.start,
        **_answer(data, days),
        "previous": days.earlier and _previous(data, days.earlier, learners),
    }


def _previous(data: PeriodData, days: Earlier, learners: Calendar) -> dict[str, Any]:
    first, last = days.start, days.end
    tallies = [tally for tally in data.tallies if first <= tally.practiced_on <= last]
    if cut := days.cut:  # on the last day the time of day decides, where it is known
        tallies = [
            tally
            for tally in tallies
            if tally.practiced_on < last
            or not tally.completed_at
            or learners.clock(tally.completed_at) <= cut
        ]
    return {
        "period_start": days.start,
        "period_end": days.end,
        **figures.totals(Sums(tallies)),
    }


def next_change(
    data: PeriodData, days: Window, learners: Calendar, now: datetime
) -> datetime | None:
    """When one session more counts among those before, since today is then as far as that day was; or None.

    Where the clocks still change today, it is now: they may also take a session out again.
    """
    if not days.earlier or not days.earlier.cut:
        return None
    cut, end = days.earlier.cut, days.earlier.end
    clocks = [
        learners.clock(tally.completed_at)
        for tally in data.tallies
        if tally.practiced_on == end and tally.completed_at
    ]
    if not clocks:
        return None
    clock = learners.clock(now)
    rest = datetime.combine(clock.date() + ONE_DAY, time.min) - clock
    if learners.clock(now + rest) != clock + rest:
        return now
    ahead = min((one - cut for one in clocks if one > cut), default=None)
    return now + ahead if ahead is not None else None


def _answer(data: PeriodData, days: Window) -> dict[str, Any]:
    first, last = days.start, days.last
    tallies = [tally for tally in data.tallies if first <= tally.practiced_on <= last]
    return {
        "period_end": days.end,
        **figures.totals(Sums(tallies)),
        "sessions_by_type": figures.by_type(tallies),
        "improvement_trends": figures.trends(tallies),
        "common_topics": _name_counts("topic", data.counted("topic", days)),
        "areas_to_improve": _name_counts("area", data.counted("area", days)),
    }


def _name_counts(kind: str, spellings: dict[str, int]) -> list[dict[str, Any]]:
    return [
        {kind: name, "count": count} for name, count in figures.most_common(spellings, _MOST_NAMES)
    ]
