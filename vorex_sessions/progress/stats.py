"""The learner's statistics over a period: one statement, then plain arithmetic."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from vorex_sessions.database import run
from vorex_sessions.periods import DAYS, ONE_DAY, earliest_instant
from vorex_sessions.progress import rollups
from vorex_sessions.progress.queries import DAY_GROUPS, EVER, SESSIONS_QUERY, boundary_days
from vorex_sessions.progress.statistics import PeriodData, from_groups, from_sessions, statistics

# Up to a month, single rows are few and cheapest. Over a year, PostgreSQL adds them up by day.
_BY_SESSION = {"day", "week", "month"}


def stats(
    learner_id: str,
    *,
    period: str,
    zone_name: str | None = None,
    session_type: str | None = None,
    language: str | None = None,
    now: datetime,
) -> dict[str, Any]:
    """The statistics as the API returns them, for `day`, `week`, `month`, `year` or `all`."""
    wanted = {"session_type": session_type, "language": language}
    data = _read(learner_id, period, wanted, now)
    return statistics(data, period=period, zone_name=zone_name, now=now)


def _read(
    learner_id: str, period: str, wanted: Mapping[str, str | None], now: datetime
) -> PeriodData:
    """Read every day that may count in some time zone: the learner's may be known only from the rows."""
    parameters = {"user_id": learner_id, **wanted}
    if period == "all":
        if any(wanted.values()):  # a rollup does not have them
            return from_groups(run(DAY_GROUPS, {**parameters, **EVER}))
        return from_groups(rollups.everything(learner_id, now))
    start = now.astimezone(UTC).date() + ONE_DAY - timedelta(days=DAYS[period])
    first = start - timedelta(days=DAYS[period]) - ONE_DAY
    if period in _BY_SESSION:
        since = earliest_instant(first)
        return from_sessions(run(SESSIONS_QUERY, {**parameters, "since": since}))
    return from_groups(run(DAY_GROUPS, {**parameters, **boundary_days(first, start)}))
