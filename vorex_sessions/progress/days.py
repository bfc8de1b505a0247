"""The learner's last calendar days."""

from datetime import UTC, date, datetime, timedelta

from vorex_sessions.database import run
from vorex_sessions.periods import ONE_DAY, day_of, earliest_instant
from vorex_sessions.progress.figures import Tally
from vorex_sessions.progress.queries import BY_DAY


def last_days(
    learner_id: str, count: int, *, zone_name: str | None, language: str | None, now: datetime
) -> tuple[date, list[Tally]]:
    """The learner's today, and tallies of the last `count` days up to it, oldest first.

    Of all languages unless one is given. The zone is that of the latest session unless one is given, or UTC.
    """
    # One day earlier, since the learner's zone may be behind UTC.
    first = now.astimezone(UTC).date() - timedelta(days=count)
    parameters = {"user_id": learner_id, "since": earliest_instant(first), "language": language}
    rows = run(BY_DAY, parameters)
    today = day_of(now, zone_name or (rows[0].zone_name if rows else "UTC"))
    start = today + ONE_DAY - timedelta(days=count)
    tallies = [Tally(*row[1:]) for row in rows if row.practiced_on]
    return today, sorted(tally for tally in tallies if start <= tally.practiced_on <= today)
