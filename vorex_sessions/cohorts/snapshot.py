"""The daily snapshot: store every participant's values, page by page, then publish each cohort.

A cohort is published again once `LEAST_CHANGED` learners have joined or have other values than the published
ones, and after a day at least. So the difference does not reveal a single learner. Learners who leave do not
count as a change. docs/comparison.md says what made-up accounts can still find out.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any, TypeVar

import orjson
import sqlalchemy as sa

from vorex_sessions.cohorts import pages
from vorex_sessions.cohorts.bands import bands
from vorex_sessions.database import Transaction, run_long, run_transaction
from vorex_sessions.database.standbys import JobReads
from vorex_sessions.flask_config import setting
from vorex_sessions.models import BEFORE_ALL
from vorex_sessions.periods import DAYS, ONE_DAY, earliest_instant

T = TypeVar("T")
LEAST_CHANGED = 5  # learners
LASTS = timedelta(days=30)  # for which a published cohort is shown
_TIMEOUT = 600  # seconds for any one transaction

# Transactions that write wait for each other, so that one instant of one clock says what had been counted by
# then. A key of two numbers never equals a learner's.
_LOCK = sa.text("SELECT pg_advisory_xact_lock(7, 1)")
_NOW = sa.text("""
SELECT clock_timestamp() AS now,
    EXISTS (SELECT FROM cohort_snapshots WHERE day > :day) AS is_overtaken
""")
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
    sa.text("""
    DELETE FROM cohorts AS abandoned WHERE NOT EXISTS (
        SELECT FROM cohort_standings AS standing
        WHERE (standing.language, standing.period, standing.level, standing.measure)
            = (abandoned.language, abandoned.period, abandoned.level, abandoned.measure))
    """),
)
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


class Overtaken(Exception):
    """The snapshot of a later day has begun."""


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
    begun = _in_turn(today, _begin)
    learners = sum(_pages(today))
    cohorts = run_long(_COHORTS, {"others": others}, timeout=_TIMEOUT)
    published = sum(_in_turn(today, partial(_publish, row._asdict(), others)) for row in cohorts)
    _in_turn(today, partial(_end, begun))
    return Refreshed(learners, published, len(cohorts) - published)


@dataclass(frozen=True)
class _Turn:
    """A transaction that holds the lock of snapshots, its day, and the instant at which it got the lock."""

    transaction: Transaction
    day: date
    now: datetime

    def run(self, statement: sa.Executable, **parameters: Any) -> Sequence[Any]:
        return self.transaction.run(statement, {"day": self.day, "now": self.now, **parameters})


def _in_turn(today: date, work: Callable[[_Turn], T]) -> T:
    """Run `work` with the lock of snapshots. Raises Overtaken: a late snapshot must not undo a newer one."""

    def in_transaction(transaction: Transaction) -> T:
        transaction.run(_LOCK, {})
        ((now, is_overtaken),) = transaction.run(_NOW, {"day": today})
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
    """Count every participant, page by page; yields the number of learners on each page."""
    first = {period: today - timedelta(days=DAYS[period]) for period in pages.PERIODS}
    days = {**first, "since": earliest_instant(min(first.values())), "last_day": today - ONE_DAY}
    reads, after = JobReads(), BEFORE_ALL  # every page has whoever had joined by now
    while True:
        read = _read({**days, "after": after}, reads)
        if not read.learners:
            return
        store = partial(_Turn.run, statement=pages.STORE, page=read.page, standings=read.standings)
        _in_turn(today, store)
        yield int(read.learners)
        after = str(read.last)


def _read(page: dict[str, Any], reads: JobReads) -> Any:
    """The row of READ; a second time where the page has levels that only Python can compare."""
    (read,) = reads.run_long(pages.READ, {**page, "levels": "{}"}, timeout=_TIMEOUT)
    if not read.unknown:
        return read
    levels = orjson.dumps({written: pages.level_of(written) for written in read.unknown}).decode()
    (read,) = reads.run_long(pages.READ, {**page, "levels": levels}, timeout=_TIMEOUT)
    return read


def _publish(cohort: dict[str, Any], others: int, turn: _Turn) -> int:
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
