"""The daily snapshot: store every participant's values, page by page, then publish each cohort.

A cohort is published again once `LEAST_CHANGED` learners have joined or have other values than the published
ones, and after a day at least. So the difference does not reveal a single learner. Learners who leave do not
count as a change. docs/comparison.md says what made-up accounts can still find out.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

import sqlalchemy as sa

from vorex_sessions.cohorts import pages, ranges
from vorex_sessions.cohorts.bands import bands
from vorex_sessions.cohorts.ordering import LONGEST, Turn, in_turn
from vorex_sessions.database import run_long
from vorex_sessions.flask_config import setting
from vorex_sessions.periods import DAYS, ONE_DAY, earliest_instant

LEAST_CHANGED = 5  # learners
LASTS = timedelta(days=30)  # for which a published cohort is shown

# A restored backup may bring back standings without a participant.
_BEGIN = (
    sa.text("""
    DELETE FROM cohort_standings AS stray WHERE NOT EXISTS (
        SELECT FROM cohort_participants AS participant WHERE participant.user_id = stray.user_id)
    """),
    sa.text("DELETE FROM cohort_snapshots WHERE day < CAST(:day AS date) - 30"),
    sa.text("INSERT INTO cohort_snapshots (day) VALUES (:day) ON CONFLICT (day) DO NOTHING"),
)
# A cohort that is no longer shown loses its bands. Its day stays, to tell whose values have changed since.
_END = (
    sa.text("""
    UPDATE cohort_snapshots SET joined_by = greatest(joined_by, :begun) WHERE day = :day
    """),
    sa.text(
        "UPDATE cohorts SET bands = '{}', least = '{}' WHERE as_of < :long_ago AND bands <> '{}'"
    ),
)
_PUBLISHED = sa.text("SELECT language, period, level, measure FROM cohorts")
_SOMEBODY = sa.text("""
SELECT 1 FROM cohort_standings
WHERE (language, period, level, measure) = (:language, :period, :level, :measure) LIMIT 1
""")
# By values: on a database of several machines, each has all cohorts and some learners.
_FORGET = sa.text("""
DELETE FROM cohorts
WHERE (language, period, level, measure) = (:language, :period, :level, :measure)
""")
_COHORTS = sa.text("""
SELECT language, period, level, measure FROM cohort_standings
GROUP BY language, period, level, measure HAVING count(*) > :others
ORDER BY language, period, level, measure
""")
_HISTOGRAM = sa.text(f"""
SELECT value, count(*) AS learners, bool_or(cohort.day IS NULL) AS is_new,
    count(*) FILTER (WHERE value IS DISTINCT FROM {pages.PUBLISHED}) AS changed
FROM cohort_standings AS standing
LEFT JOIN cohorts AS cohort USING (language, period, level, measure)
WHERE (language, period, level, measure) = (:language, :period, :level, :measure)
GROUP BY value ORDER BY value
""")  # noqa: S608  # our own text
# Does nothing where another process has published the cohort for this day.
_PUBLISH = sa.text("""
INSERT INTO cohorts AS published (
    language, period, level, measure, day, as_of, learners, width, bands, least)
VALUES (:language, :period, :level, :measure, :day, :now, :learners, :width,
    CAST(:bands AS integer[]), CAST(:least AS float8[]))
ON CONFLICT (language, period, level, measure) DO UPDATE SET
    day = excluded.day, as_of = excluded.as_of, learners = excluded.learners,
    width = excluded.width, bands = excluded.bands, least = excluded.least
WHERE published.day < excluded.day
RETURNING 1
""")


@dataclass(frozen=True)
class Refreshed:
    """How many learners were counted, and how many cohorts were published and left unchanged."""

    learners: int
    published: int
    left: int


def refresh(today: date) -> Refreshed:
    """Take the snapshot of a UTC day, about the days before it. Raises DBAPIError and Overtaken.

    Safe to stop, to run again and to run twice at once; a cohort is published once a day at most. It needs
    the memory of one page and of one cohort's distinct values.
    """
    others = setting("COHORT_MIN_OTHERS")
    begun = in_turn(today, _begin)
    learners = sum(_count(today, begun))
    cohorts = run_long(_COHORTS, {"others": others}, timeout=LONGEST)
    published = sum(in_turn(today, partial(_publish, row._asdict(), others)) for row in cohorts)
    in_turn(today, partial(_end, begun, set(cohorts)))
    return Refreshed(learners, published, len(cohorts) - published)


def _begin(turn: Turn) -> datetime:
    for statement in _BEGIN:
        turn.run(statement)
    return turn.now


def _end(begun: datetime, large: Collection[Any], turn: Turn) -> None:
    """End the snapshot, and forget the published cohorts without a learner: none of the `large` ones."""
    for statement in _END:
        turn.run(statement, begun=begun, long_ago=turn.now - LASTS)
    for cohort in turn.run(_PUBLISHED):
        if cohort not in large and not turn.run(_SOMEBODY, **cohort._asdict()):
            turn.run(_FORGET, **cohort._asdict())


def _count(today: date, begun: datetime) -> Iterator[int]:
    """Count every participant, some at a time; yields the number of learners."""
    first = {period: today - timedelta(days=DAYS[period]) for period in pages.PERIODS}
    days = {**first, "since": earliest_instant(min(first.values())), "last_day": today - ONE_DAY}
    if setting("DB_DISTRIBUTED"):
        return ranges.count(today, {**days, "begun": begun})
    return pages.count(today, days)


def _publish(cohort: dict[str, Any], others: int, turn: Turn) -> int:
    """Publish a cohort if it is due; returns 1, or 0 if it is not, or is published for this day already.

    This is decided with the lock held, since learners may have left after the pages were stored.
    """
    rows = turn.run(_HISTOGRAM, **cohort)
    is_due = any(row.is_new for row in rows) or sum(row.changed for row in rows) >= LEAST_CHANGED
    if not is_due or sum(row.learners for row in rows) <= others:
        return 0
    learners, width, starts, least = bands((row.value, row.learners) for row in rows)
    shown = {"learners": learners, "width": width, "bands": starts, "least": least}
    return len(turn.run(_PUBLISH, **cohort, **shown))
