"""Pure: rows of a period from the database -> the learner's statistics."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import orjson

from vorex_sessions.periods import Window, day_of, wall_clock, window
from vorex_sessions.progress import figures
from vorex_sessions.progress.figures import Sums, Tally
from vorex_sessions.turns import in_turns, in_turns_if_many

BEFORE_FIRST_DAY = date(1999, 1, 1)  # before the first day that a session can have
_MOST_NAMES = 10


@dataclass
class PeriodData:
    """The zone of the learner's latest session, tallies, names by spelling."""

    zone_name: str | None = None
    tallies: list[Tally] = field(default_factory=list)
    names: dict[str, list[tuple[date | None, str, int]]] = field(
        default_factory=lambda: {"topic": [], "area": []}
    )

    def counted(self, kind: str, start: date) -> Counter[str]:
        """How many sessions since a day name each topic or area, by spelling."""
        counts: Counter[str] = Counter()
        for day, name, count in in_turns_if_many(self.names[kind]):
            if day is None or day >= start:
                counts[name] += count
        return counts


def from_sessions(rows: Iterable[Sequence[Any]]) -> PeriodData:
    """The data in the rows of queries.SESSIONS_QUERY."""
    data = PeriodData()
    for zone_name, topics, areas, *tally in in_turns(rows):
        data.zone_name = zone_name
        if tally[0] is None:
            break  # no session in the range: the one row carries the zone only
        data.tallies.append(Tally(*tally))
        data.names["topic"] += [(tally[0], topic, 1) for topic in topics]
        data.names["area"] += [(tally[0], area, 1) for area in areas]
    return data


def from_groups(rows: Iterable[Sequence[Any]]) -> PeriodData:
    """The data in the rows of queries.DAY_GROUPS, or of rollups.EVERYTHING."""
    data = PeriodData()
    for kind, name, *tally in in_turns(_expanded(rows)):
        if kind == "zone":
            data.zone_name = name
        elif kind == "figures":
            data.tallies.append(Tally(*tally))
        else:
            data.names[kind].append((tally[0], name, tally[3]))
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
    data: PeriodData, *, period: str, zone_name: str | None = None, now: datetime
) -> dict[str, Any]:
    """The statistics as the API returns them, for `day`, `week`, `month`, `year` or `all`."""
    zone_name = zone_name or data.zone_name or "UTC"
    if period == "all":
        start = min((tally.practiced_on for tally in data.tallies), default=None)
        return _answer(data, period, start, day_of(now, zone_name), None)
    days = window(period, now, zone_name)
    earlier = [tally for tally in data.tallies if _is_in_previous(tally, days, zone_name)]
    previous = {
        "period_start": days.previous_start,
        "period_end": days.previous_end,
        **figures.totals(Sums(earlier)),
    }
    return _answer(data, period, days.start, days.end, previous)


def _is_in_previous(tally: Tally, days: Window, zone_name: str) -> bool:
    """Whether a tally belongs to the earlier period, whose last day ends at the current time of day."""
    if tally.practiced_on == days.previous_end and tally.completed_at:
        return wall_clock(tally.completed_at, zone_name) <= days.cut
    return days.previous_start <= tally.practiced_on < days.previous_end


def _answer(
    data: PeriodData, period: str, start: date | None, end: date, previous: dict[str, Any] | None
) -> dict[str, Any]:
    since = start or BEFORE_FIRST_DAY
    tallies = [tally for tally in data.tallies if tally.practiced_on >= since]
    return {
        "period": period,
        "period_start": start,
        "period_end": end,
        **figures.totals(Sums(tallies)),
        "sessions_by_type": figures.by_type(tallies),
        "improvement_trends": figures.trends(tallies),
        "common_topics": _name_counts("topic", data.counted("topic", since)),
        "areas_to_improve": _name_counts("area", data.counted("area", since)),
        "previous": previous,
    }


def _name_counts(kind: str, spellings: Counter[str]) -> list[dict[str, Any]]:
    return [
        {kind: name, "count": count} for name, count in figures.most_common(spellings, _MOST_NAMES)
    ]
