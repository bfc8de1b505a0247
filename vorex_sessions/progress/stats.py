"""The learner's statistics over a period: one statement, then plain arithmetic."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from vorex_sessions.extensions import Row, ask
from vorex_sessions.periods import (
    DAYS,
    ONE_DAY,
    Window,
    day_of,
    earliest_instant,
    wall_clock,
    window,
)
from vorex_sessions.progress import figures
from vorex_sessions.progress.figures import Sums, Tally
from vorex_sessions.progress.questions import DAY_GROUPS, SESSIONS

# Up to a month the plain rows are few and cheapest; over a year PostgreSQL adds them up by day.
_PLAIN = {"day", "week", "month"}
_MOST_NAMES = 10
_DAWN = date(1999, 1, 1)  # before the first day that a session can have


@dataclass
class _Found:
    """What the database answered: the zone of the latest session, tallies, names by spelling."""

    zone_name: str | None = None
    tallies: list[Tally] = field(default_factory=list)
    names: dict[str, list[tuple[date | None, str, int]]] = field(
        default_factory=lambda: {"topic": [], "area": []}
    )

    def counted(self, kind: str, start: date) -> Counter[str]:
        """How many sessions since a day name each topic or area, by spelling."""
        counts: Counter[str] = Counter()
        for day, name, count in self.names[kind]:
            if day is None or day >= start:
                counts[name] += count
        return counts


def stats(
    learner_id: str,
    *,
    period: str,
    zone_name: str | None = None,
    session_type: str | None = None,
    now: datetime,
) -> dict[str, Any]:
    """The statistics of the contract for `day`, `week`, `month`, `year` or `all`."""
    found = _find(learner_id, period, session_type, now)
    zone_name = zone_name or found.zone_name or "UTC"
    if period == "all":
        start = min((tally.practiced_on for tally in found.tallies), default=None)
        return _answer(found, period, start, day_of(now, zone_name), None)
    days = window(period, now, zone_name)
    before = [tally for tally in found.tallies if _counts_before(tally, days, zone_name)]
    previous = {
        "period_start": days.previous_start,
        "period_end": days.previous_end,
        **figures.totals(Sums(before)),
    }
    return _answer(found, period, days.start, days.end, previous)


def _counts_before(tally: Tally, days: Window, zone_name: str) -> bool:
    """Whether a tally belongs to the earlier period, whose last day is cut at the time of day of now."""
    if tally.practiced_on == days.previous_end and tally.completed_at:
        return wall_clock(tally.completed_at, zone_name) <= days.cut
    return days.previous_start <= tally.practiced_on < days.previous_end


def _answer(
    found: _Found, period: str, start: date | None, end: date, previous: dict[str, Any] | None
) -> dict[str, Any]:
    since = start or _DAWN
    tallies = [tally for tally in found.tallies if tally.practiced_on >= since]
    return {
        "period": period,
        "period_start": start,
        "period_end": end,
        **figures.totals(Sums(tallies)),
        "sessions_by_type": figures.by_type(tallies),
        "improvement_trends": figures.trends(tallies),
        "common_topics": _named("topic", found.counted("topic", since)),
        "areas_to_improve": _named("area", found.counted("area", since)),
        "previous": previous,
    }


def _named(kind: str, spellings: Counter[str]) -> list[dict[str, Any]]:
    return [
        {kind: name, "count": count} for name, count in figures.most_common(spellings, _MOST_NAMES)
    ]


def _find(learner_id: str, period: str, session_type: str | None, now: datetime) -> _Found:
    """Ask for all that any time zone's today could call for; the zone may only be known afterwards."""
    parameters = {"user_id": learner_id, "session_type": session_type}
    if period == "all":
        return _from_groups(ask(DAY_GROUPS, {**parameters, **_range(_DAWN, _DAWN)}))
    start = now.astimezone(UTC).date() + ONE_DAY - timedelta(days=DAYS[period])
    first = start - timedelta(days=DAYS[period]) - ONE_DAY
    if period in _PLAIN:
        since = earliest_instant(first)
        return _from_sessions(ask(SESSIONS, {**parameters, "since": since}))
    return _from_groups(ask(DAY_GROUPS, {**parameters, **_range(first, start)}))


def _range(first: date, start: date) -> dict[str, Any]:
    return {
        "since": earliest_instant(first),
        "edge_from": start - 2 * ONE_DAY,
        "edge_to": start + ONE_DAY,
    }


def _from_sessions(rows: Sequence[Row]) -> _Found:
    if not rows:
        return _Found()
    found = _Found(rows[0].zone_name)
    for _, topics, areas, *tally in rows:
        if tally[0] is None:
            break  # no session in the range: the one row carries the zone only
        found.tallies.append(Tally(*tally))
        _note(found.names["topic"], tally[0], topics)
        _note(found.names["area"], tally[0], areas)
    return found


def _note(names: list[tuple[date | None, str, int]], day: date, spellings: Iterable[str]) -> None:
    names.extend((day, spelling, 1) for spelling in spellings)


def _from_groups(rows: Sequence[Row]) -> _Found:
    found = _Found()
    for kind, name, *tally in rows:
        if kind == "zone":
            found.zone_name = name
        elif kind == "figures":
            found.tallies.append(Tally(*tally))
        else:
            found.names[kind].append((tally[0], name, tally[3]))
    return found
