"""The learner's statistics over a period: one statement, then plain arithmetic."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from vorex_sessions.database import run
from vorex_sessions.hooks.freshness import right_until
from vorex_sessions.periods import DAYS, ONE_DAY
from vorex_sessions.progress import rollups
from vorex_sessions.progress.queries import (
    DAY_GROUPS,
    EVER,
    RANGE_GROUPS,
    RANGE_SESSIONS,
    SESSIONS_QUERY,
    boundary_days,
    range_days,
)
from vorex_sessions.progress.statistics import PeriodData, from_groups, from_sessions, statistics
from vorex_sessions.progress.windows import RANGE, Asked, possible_windows

MOST_DAYS = 3660  # of a range
# Up to so many days, single rows are few and cheapest. Over more, PostgreSQL adds them up by day.
_BY_SESSION = 31


def stats(
    learner_id: str,
    *,
    period: str = "week",
    date_from: date | None = None,
    date_to: date | None = None,
    zone_name: str | None = None,
    session_type: str | None = None,
    language: str | None = None,
    now: datetime,
) -> dict[str, Any]:
    """The statistics as the API returns them, of a period, or of the days between two dates."""
    asked = Asked(RANGE, date_from, date_to) if date_from and date_to else Asked(period)
    data = _read(learner_id, asked, {"session_type": session_type, "language": language}, now)
    return statistics(data, asked, zone_name=zone_name, now=now, changes_at=right_until)


def _read(
    learner_id: str, asked: Asked, wanted: Mapping[str, str | None], now: datetime
) -> PeriodData:
    """Read every day that may count in some time zone: the learner's may be known only from the rows."""
    parameters = {"user_id": learner_id, **wanted}
    if asked.period == "all":
        if any(wanted.values()):  # a rollup does not have them
            return from_groups(run(DAY_GROUPS, {**parameters, **EVER}))
        return from_groups(rollups.everything(learner_id, now))
    if asked.period not in DAYS:
        return _read_days(asked, parameters, now)
    days = DAYS[asked.period]
    start = now.astimezone(UTC).date() + ONE_DAY - timedelta(days=days)
    first = start - timedelta(days=days) - ONE_DAY
    parameters |= boundary_days(first, start)
    if days <= _BY_SESSION:
        return from_sessions(run(SESSIONS_QUERY, parameters))
    return from_groups(run(DAY_GROUPS, parameters))


def _read_days(asked: Asked, parameters: dict[str, Any], now: datetime) -> PeriodData:
    windows = possible_windows(asked, now)
    parameters |= range_days(windows)
    if all((one.end - one.start).days < _BY_SESSION for one in windows):
        return from_sessions(run(RANGE_SESSIONS, parameters))
    return from_groups(run(RANGE_GROUPS, parameters))
