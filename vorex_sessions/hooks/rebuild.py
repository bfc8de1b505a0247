"""Rebuilding what capabilities derive from a learner's sessions, where it is stale.

Deletes, corrections and purges only invalidate (`Projection.invalidation`); new rules (projections.VERSION)
and learners from before a release are stale, too. The next query that needs it rebuilds.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from vorex_sessions.database import NO_NESTED_LOOPS, Transaction, locks, run, run_transaction
from vorex_sessions.database.one_snapshot import current_snapshot, in_snapshot
from vorex_sessions.hooks import versions
from vorex_sessions.hooks.all_sessions import AllSessions
from vorex_sessions.hooks.projections import DERIVED_VERSION, MARK_CURRENT, VERSION, Projection
from vorex_sessions.hooks.registry import registry
from vorex_sessions.models import BEFORE_ALL, USER_ID, session_results
from vorex_sessions.problems.kinds import Unavailable

T = TypeVar("T")
_LONGEST_WAIT = 4  # seconds, for a rebuild by another request
_TIMEOUT = 120  # seconds: enough for ten thousand sessions with hundreds of outcomes each
_SNAPSHOTS = 3  # that a request begins, where writes meanwhile make stale again what it has rebuilt
_MOST = 20_000  # sessions of a learner whom an export rebuilds
_NEXT_LEARNERS = sa.text("""
SELECT DISTINCT user_id FROM (
    SELECT user_id FROM session_results WHERE user_id > CAST(:after AS uuid)
    ORDER BY user_id LIMIT 20000) AS page
ORDER BY user_id
""")
_has_sessions = sa.exists().where(session_results.c.user_id == USER_ID)
# Whether a rebuild has anything to do. A learner without sessions has nothing that could be marked current.
_DERIVABLE = sa.select(sa.or_(_has_sessions, DERIVED_VERSION.is_not(None)).label("derivable"))


class Stale(Exception):
    """What a query within a snapshot is about has to be rebuilt before the snapshot begins."""


def rebuild(learner_id: str, *, everything: bool = False) -> None:
    """Rebuild what is stale of a learner, or everything for the operator. Raises DBAPIError."""
    parameters = {"user_id": learner_id}

    def work(transaction: Transaction) -> None:
        transaction.defer(NO_NESTED_LOOPS, {})
        sessions = AllSessions(transaction, learner_id)
        (stored,) = transaction.run(_marks(registry().projections), parameters)
        is_current = stored.version == VERSION
        if is_current and stored.marked and not everything:  # another request was first
            return
        for projection in registry().projections:
            is_stale = projection.can_go_stale and (
                not is_current or projection.own_mark is not None
            )
            if everything:
                projection.rebuild_for_operator(transaction, learner_id, sessions)
            elif is_stale:
                projection.rebuild(transaction, learner_id, sessions)
        transaction.defer(MARK_CURRENT, parameters)
        if everything:  # it may unlock achievements
            transaction.defer(versions.RAISE, parameters)

    run_transaction(work, learner_id=learner_id, timeout=_TIMEOUT)


def _rebuild_or_wait(learner_id: str) -> None:
    """Rebuild what is stale, or wait for another request that does so. Raises DBAPIError."""
    until = time.monotonic() + _LONGEST_WAIT
    while True:
        try:
            return rebuild(learner_id)
        except DBAPIError as error:
            if not locks.is_taken(error) or time.monotonic() > until:
                raise


@lru_cache(maxsize=4)
def _marks(projections: tuple[Projection, ...]) -> sa.Select[Any]:
    """The version of what is derived, and whether all other marks say that it is current."""
    return sa.select(DERIVED_VERSION.label("version"), _own_marks(projections).label("marked"))


def _own_marks(projections: tuple[Projection, ...]) -> sa.ColumnElement[bool]:
    """Whether the marks that projections have of their own say that they are current."""
    return sa.and_(sa.true(), *(one.own_mark for one in projections if one.own_mark is not None))


def is_stale() -> sa.Select[Any]:
    """Whether `:user_id` has sessions that what is derived does not reflect: column `stale` of one row.

    False for a learner with so many that a rebuild would take too long.
    """
    return _is_stale(registry().projections)


@lru_cache(maxsize=4)
def _is_stale(projections: tuple[Projection, ...]) -> sa.Select[Any]:
    is_newest = DERIVED_VERSION == sa.literal_column(str(VERSION))
    is_current = sa.and_(is_newest, _own_marks(projections))
    one: sa.Select[Any] = sa.select(sa.literal_column("1")).where(
        session_results.c.user_id == USER_ID
    )
    too_many = one.offset(sa.literal_column(str(_MOST))).limit(sa.literal_column("1")).exists()
    conditions = (~sa.func.coalesce(is_current, sa.false()), one.exists(), ~too_many)
    return sa.select(sa.and_(*conditions).label("stale"))


def run_current(
    statement: sa.Executable,
    parameters: dict[str, Any],
    is_current: Callable[[Any], bool] = lambda row: row.derived_version == VERSION,
) -> Sequence[Any]:
    """Run a query about what is derived; where it is stale, rebuild and run it again.

    `is_current` judges by the first row. Without sessions it stays false. Raises Stale within a snapshot.
    """
    rows = run(statement, parameters)
    if rows and not is_current(rows[0]):
        if current_snapshot():
            if run(_DERIVABLE, {"user_id": parameters["user_id"]})[0].derivable:
                raise Stale
            return rows
        _rebuild_or_wait(parameters["user_id"])
        rows = run(statement, parameters)
    return rows


def in_current_snapshot(learner_id: str, read: Callable[[], T]) -> T:
    """Return what `read` returns; all its queries see one moment, in which nothing they ask for is stale.

    `read` must be safe to run again. Raises DBAPIError, PoolTimeout or Unavailable.
    """
    for later_ones in reversed(range(_SNAPSHOTS)):
        try:
            return in_snapshot(read)
        except Stale:
            if later_ones:
                _rebuild_or_wait(learner_id)
    raise Unavailable("Your data is being changed right now; please try again in a moment.")


def learners() -> Iterator[str]:
    """Every learner who has sessions."""
    after = BEFORE_ALL
    while page := [str(row.user_id) for row in run(_NEXT_LEARNERS, {"after": after})]:
        yield from page
        after = page[-1]
