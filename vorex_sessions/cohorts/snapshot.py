"""The daily snapshot: every participant's values, page by page, then what is published of each cohort.

What is published stays until `LEAST_CHANGED` learners have joined or have other values than were published,
and a day at least, so that one alone cannot be told from the difference. Who leaves is not counted.
docs/comparison.md says what is left to those who make up accounts.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any, TypeVar

import sqlalchemy as sa

from vorex_sessions.cohorts import pages
from vorex_sessions.cohorts.bands import bands
from vorex_sessions.database.transactions import Transaction, run_long, run_transaction
from vorex_sessions.flask_config import setting
from vorex_sessions.periods import DAYS, ONE_DAY, earliest_instant

T = TypeVar("T")
LEAST_CHANGED = 5  # learners
LASTS = timedelta(days=30)  # after which what was published of a cohort is shown no more
_TIMEOUT = 600  # seconds for any one transaction

# What changes anything takes turns, so that one instant, of one clock, says what had been counted by then.
# A key of two numbers never meets a learner's.
_TAKE_TURNS = sa.text("SELECT pg_advisory_xact_lock(7, 1)")
_WHAT_TIME = sa.text("""
SELECT clock_timestamp() AS now,
    EXISTS (SELECT FROM cohort_snapshots WHERE day > :day) AS is_overtaken
""")
# Standings without a participant are what a restored backup may bring.
_BEGIN = (
    sa.text("""
    DELETE FROM cohort_standings AS stray WHERE NOT EXISTS (
        SELECT FROM cohort_participants AS participant WHERE participant.user_id = stray.user_id)
    """),
    sa.text("DELETE FROM cohort_snapshots WHERE day < CAST(:day AS date) - 30"),
    sa.text("INSERT INTO cohort_snapshots (day) VALUES (:day) ON CONFLICT (day) DO NOTHING"),
)
# Of what is shown no more nothing is kept but the day: it tells whose values have changed since.
_END = (
    sa.text("""
    UPDATE cohort_snapshots SET joined_by = greatest(joined_by, :begun) WHERE day = :day
    """),
    sa.text(
        "UPDATE cohorts SET bands = '{}', least = '{}' WHERE as_of < :long_ago AND bands <> '{}'"
    ),
    sa.text("""
    DELETE FROM cohorts AS left_by_all WHERE NOT EXISTS (
        SELECT FROM cohort_standings AS standing
        WHERE (standing.period, standing.level, standing.measure)
            = (left_by_all.period, left_by_all.level, left_by_all.measure))
    """),
)
_COHORTS = sa.text("""
SELECT period, level, measure FROM cohort_standings
GROUP BY period, level, measure HAVING count(*) > :others
ORDER BY period, level, measure
""")
_HISTOGRAM = sa.text(f"""
SELECT value, count(*) AS learners, bool_or(cohort.day IS NULL) AS is_new,
    count(*) FILTER (WHERE value IS DISTINCT FROM {pages.PUBLISHED}) AS changed
FROM cohort_standings AS standing
LEFT JOIN cohorts AS cohort USING (period, level, measure)
WHERE (period, level, measure) = (:period, :level, :measure)
GROUP BY value ORDER BY value
""")  # noqa: S608  # our own text
# Whoever else has published it for this day was first.
_PUBLISH = sa.text("""
INSERT INTO cohorts AS published (period, level, measure, day, as_of, learners, width, bands, least)
VALUES (:period, :level, :measure, :day, :now, :learners, :width,
    CAST(:bands AS integer[]), CAST(:least AS float8[]))
ON CONFLICT (period, level, measure) DO UPDATE SET
    day = excluded.day, as_of = excluded.as_of, learners = excluded.learners,
    width = excluded.width, bands = excluded.bands, least = excluded.least
WHERE published.day < excluded.day
RETURNING 1
""")


class Overtaken(Exception):
    """The snapshot of a later day has begun."""


@dataclass(frozen=True)
class Refreshed:
    """How many learners were counted, and how many cohorts published and left as they were."""

    learners: int
    published: int
    left: int


def refresh(today: date) -> Refreshed:
    """Take the snapshot of a day of UTC: of the days before it. Raises DBAPIError and Overtaken.

    May be stopped, run again and run twice at once; a cohort is published once a day at most. Memory is
    that of a page and of one cohort's different values.
    """
    others = setting("COHORT_MIN_OTHERS")
    begun = _in_turn(today, _begin)
    learners = sum(_pages(today))
    found = run_long(_COHORTS, {"others": others}, timeout=_TIMEOUT)
    published = sum(_in_turn(today, partial(_publish, row._asdict(), others)) for row in found)
    _in_turn(today, partial(_end, begun))
    return Refreshed(learners, published, len(found) - published)


@dataclass(frozen=True)
class _Turn:
    """A transaction alone among those of snapshots, of a day, and the instant at which its turn came."""

    transaction: Transaction
    day: date
    now: datetime

    def run(self, statement: sa.Executable, **parameters: Any) -> Sequence[Any]:
        return self.transaction.run(statement, {"day": self.day, "now": self.now, **parameters})


def _in_turn(today: date, work: Callable[[_Turn], T]) -> T:
    """Run `work` in its turn. Raises Overtaken: a late snapshot must not undo a newer one."""

    def in_transaction(transaction: Transaction) -> T:
        transaction.run(_TAKE_TURNS, {})
        ((now, is_overtaken),) = transaction.run(_WHAT_TIME, {"day": today})
        if is_overtaken:
            raise Overtaken("The snapshot of a later day has begun; this one is not needed.")
        return work(_Turn(transaction, today, now))

    return run_transaction(in_transaction, timeout=_TIMEOUT)


def _begin(turn: _Turn) -> datetime:
    for statement in _BEGIN:
        turn.run(statement)
    return turn.now


def _end(begun: datetime, turn: _Turn) -> None:
    for statement in _END:
        turn.run(statement, begun=begun, long_ago=turn.now - LASTS)


def _pages(today: date) -> Iterator[int]:
    """Count every participant, a page at a time; yields how many were in each."""
    first = {period: today - timedelta(days=DAYS[period]) for period in pages.PERIODS}
    days = {**first, "since": earliest_instant(min(first.values())), "last_day": today - ONE_DAY}
    after = pages.BEFORE_ALL
    while True:
        (read,) = run_long(pages.READ, {**days, "after": after}, timeout=_TIMEOUT)
        if not read.learners:
            return
        _in_turn(today, partial(_Turn.run, statement=pages.STORE, page=read.page, found=read.found))
        yield int(read.learners)
        after = str(read.last)


def _publish(cohort: dict[str, Any], others: int, turn: _Turn) -> int:
    """Publish a cohort that is due; 1, or 0 where it is not, or somebody else has done it for this day.

    That it is due is judged in its turn, since some may have left after the pages were stored.
    """
    rows = turn.run(_HISTOGRAM, **cohort)
    is_due = any(row.is_new for row in rows) or sum(row.changed for row in rows) >= LEAST_CHANGED
    if not is_due or sum(row.learners for row in rows) <= others:
        return 0
    learners, width, starts, least = bands((row.value, row.learners) for row in rows)
    shown = {"learners": learners, "width": width, "bands": starts, "least": least}
    return len(turn.run(_PUBLISH, **cohort, **shown))
