"""The learner's statistics over a period: one statement, then plain arithmetic."""

from datetime import UTC, datetime, timedelta
from typing import Any

from vorex_sessions.database.queries import run
from vorex_sessions.periods import DAYS, ONE_DAY, earliest_instant
from vorex_sessions.progress import rollups
from vorex_sessions.progress.queries import DAY_GROUPS, EVER, SESSIONS_QUERY, boundary_days
from vorex_sessions.progress.statistics import (
    PeriodData,
    from_groups,
    from_sessions,
    statistics,
)

# Up to a month the plain rows are few and cheapest; over a year PostgreSQL adds them up by day.
_PLAIN = {"day", "week", "month"}


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
    return statistics(found, period=period, zone_name=zone_name, now=now)


def _find(learner_id: str, period: str, session_type: str | None, now: datetime) -> PeriodData:
    """Ask for all that any time zone's today could call for; the zone may only be known afterwards."""
    parameters = {"user_id": learner_id, "session_type": session_type}
    if period == "all":
        if session_type:  # a rollup does not tell of which type a topic was
            return from_groups(run(DAY_GROUPS, {**parameters, **EVER}))
        return from_groups(rollups.everything(learner_id, now))
    start = now.astimezone(UTC).date() + ONE_DAY - timedelta(days=DAYS[period])
    first = start - timedelta(days=DAYS[period]) - ONE_DAY
    if period in _PLAIN:
        since = earliest_instant(first)
        return from_sessions(run(SESSIONS_QUERY, {**parameters, "since": since}))
    return from_groups(run(DAY_GROUPS, {**parameters, **boundary_days(first, start)}))
