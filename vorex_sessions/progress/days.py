"""The learner's calendar days, each with the sums of its sessions."""

from datetime import UTC, date, datetime, timedelta

from vorex_sessions.database import run
from vorex_sessions.hooks.freshness import right_until
from vorex_sessions.periods import ONE_DAY, bounds, earliest_instant
from vorex_sessions.progress.calendars import calendar
from vorex_sessions.progress.figures import Tally
from vorex_sessions.progress.queries import BY_DAY, RANGE_BY_DAY

_HEAD = 3  # columns of the learner's calendar before those of a tally


def last_days(
    learner_id: str, count: int, *, zone_name: str | None, language: str | None, now: datetime
) -> tuple[date, list[Tally]]:
    """The learner's today, and tallies of the last `count` days, oldest first.

    Of all languages unless one is given. A traveller's sessions dated after today count, too. The zone is
    that of the latest session unless one is given, or UTC.
    """
    # One day earlier, since the learner's day may be behind that of UTC.
    first = now.astimezone(UTC).date() - timedelta(days=count)
    parameters = {"user_id": learner_id, "since": earliest_instant(first), "language": language}
    rows = run(BY_DAY, parameters)
    learners = calendar(*rows[0][:_HEAD]).in_zone(zone_name)
    right_until(learners.end_of_today(now))
    today = learners.today(now)
    start = today + ONE_DAY - timedelta(days=count)
    tallies = [Tally(*row[_HEAD:]) for row in rows if row.practiced_on]
    return today, sorted(tally for tally in tallies if tally.practiced_on >= start)


def learners_today(learner_id: str, zone_name: str | None, *, now: datetime) -> date:
    """The learner's today; the zone is that of the latest session unless one is given, or UTC."""
    return last_days(learner_id, 1, zone_name=zone_name, language=None, now=now)[0]


def days_between(learner_id: str, first: date, last: date, *, language: str | None) -> list[Tally]:
    """Tallies of the days from `first` to `last`, oldest first; of all languages unless one is given."""
    parameters = {"user_id": learner_id, "language": language, **bounds(first, last)}
    rows = run(RANGE_BY_DAY, parameters)
    return sorted(Tally(*row[_HEAD:]) for row in rows if row.practiced_on)
