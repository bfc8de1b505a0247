"""When a learner practises: by hour and by weekday, on the clock of where each session took place."""

import logging
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy.exc import DataError

from vorex_sessions.database import run
from vorex_sessions.hooks.freshness import right_until
from vorex_sessions.periods import DAYS, ONE_DAY, wall_clock
from vorex_sessions.preferences.history import WEEKDAYS
from vorex_sessions.progress.breakdown import skill_means
from vorex_sessions.progress.calendars import calendar
from vorex_sessions.progress.figures import Sums, Tally, minutes
from vorex_sessions.progress.queries import EVER, boundary_days
from vorex_sessions.progress.rhythm_queries import BY_HOUR, BY_INSTANT
from vorex_sessions.turns import in_turns_if_many

PERIODS = ("month", "year", "all")
_SUMS = 3 - len(Tally._fields)  # where the sums of a row begin, counted from its end
log = logging.getLogger(__name__)


def rhythm(
    learner_id: str,
    *,
    period: str,
    zone_name: str | None = None,
    session_type: str | None = None,
    language: str | None = None,
    now: datetime,
) -> dict[str, Any]:
    """Sessions, minutes and mean scores by hour and by weekday, of the last 30 or 365 days or of all time.

    The weekday is that of `practiced_on`, the hour that of the wall clock.
    """
    wanted = {"user_id": learner_id, "session_type": session_type, "language": language}
    rows = _read(wanted | _days(period, now))
    head = rows[0]
    learners = calendar(head.zone_name, head.day_starts_at, head.week_starts_on).in_zone(zone_name)
    right_until(learners.end_of_today(now))
    today = learners.today(now)
    start = None if period == "all" else today + ONE_DAY - timedelta(days=DAYS[period])
    counted = [row for row in rows if row.weekday is not None and _counts(row, start)]
    return {
        "period": period,
        "period_start": start or min((row.first_day for row in counted), default=None),
        "period_end": today,
        **_shown(counted),
    }


def _days(period: str, now: datetime) -> dict[str, Any]:
    if period == "all":
        return EVER
    start = now.astimezone(UTC).date() + ONE_DAY - timedelta(days=DAYS[period])
    return boundary_days(start - ONE_DAY, start)


def _counts(row: Any, start: date | None) -> bool:
    """Whether a row is of the period; one without a day is of days well after its start."""
    return not start or row.day is None or bool(row.day >= start)


def _read(parameters: dict[str, Any]) -> Sequence[Any]:
    try:
        return run(BY_HOUR, parameters)
    except DataError as error:  # a session has a zone that PostgreSQL does not know yet
        log.warning("hours were not computed by the database: %s", str(error.orig).strip())
        return run(BY_INSTANT, parameters)


def _shown(rows: Sequence[Any]) -> dict[str, Any]:
    by_hour, by_weekday = defaultdict(list), defaultdict(list)
    for row in in_turns_if_many(rows):
        tally = Tally(row.first_day, None, "", *row[_SUMS:])
        by_hour[_hour(row)].append(tally)
        by_weekday[row.weekday].append(tally)
    return {
        "hours": [{"hour": hour, **_figures(by_hour[hour])} for hour in range(24)],
        "weekdays": [
            {"weekday": weekday, **_figures(by_weekday[number])}
            for number, weekday in enumerate(WEEKDAYS)
        ],
    }


def _hour(row: Any) -> int:
    if "hour" in row._fields:
        return int(row.hour)
    return wall_clock(row.completed_at, row.timezone).hour


def _figures(tallies: Sequence[Tally]) -> dict[str, Any]:
    sums = Sums(tallies)
    return {"sessions": sums.sessions, "minutes": minutes(sums.duration), **skill_means(sums)}
