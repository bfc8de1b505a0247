"""Rollups: stored sums of a learner's older sessions, so that statistics over all time need not read them.

A query about a learner with many sessions stores the rollup. A save, correction or deletion of a session in
the rollup removes it, in the same transaction and behind the learner's lock.
"""

import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from vorex_sessions.database import Transaction, locks, prepared, run, run_transaction
from vorex_sessions.database.one_snapshot import after_snapshot
from vorex_sessions.hooks.all_sessions import AllSessions
from vorex_sessions.hooks.projections import AnswerExtras, Projection, SaveEvent
from vorex_sessions.models import USER_ID, learner_rollups, session_results
from vorex_sessions.periods import ONE_DAY, midnight_utc
from vorex_sessions.progress.queries import CALENDAR_ROW, EVER, day_groups, text_row

SETTLED = timedelta(days=14)  # phones that were offline send their sessions within this time
MANY = 500  # sessions from which on a rollup is stored
_LARGEST = 20_000  # rows; a learner with so many topics gets no rollup
log = logging.getLogger(__name__)
_before: sa.BindParameter[datetime] = sa.bindparam("before", type_=learner_rollups.c.before.type)
_s = session_results.c
_completed_at = _s.completed_at
_is_of_learner = learner_rollups.c.user_id == USER_ID
_rolled_up = sa.select(learner_rollups.c.before).where(_is_of_learner).scalar_subquery()
_since = sa.bindparam("since", type_=_completed_at.type)
# The rollup, if any, and the sessions that are not in it.
EVERYTHING = prepared(
    sa.union_all(
        *day_groups(_completed_at >= sa.func.coalesce(_rolled_up, _since)),
        CALENDAR_ROW,
        sa.select(*text_row("rollup", sa.cast(learner_rollups.c.tallies, sa.Text))).where(
            _is_of_learner
        ),
    )
)


def _store(most: int = _LARGEST) -> Any:
    groups = sa.union_all(*day_groups(_completed_at < _before)).subquery()
    listed = sa.func.json_agg(sa.func.json_build_array(*groups.c))
    tallies = sa.select(listed.label("tallies")).having(
        sa.func.count().between(1, most)  # 0 rows: erased meanwhile
    )
    # From a row of the learner's: where there are several machines, it is stored where that is.
    first = sa.select(_s.session_result_id).where(_s.user_id == USER_ID)
    first = first.order_by(_s.session_result_id).limit(sa.literal_column("1"))
    rows = sa.select(_s.user_id, _before, tallies.subquery("listed").c.tallies).where(
        _s.user_id == USER_ID, _s.session_result_id == first.scalar_subquery()
    )
    stored = insert(learner_rollups).from_select(["user_id", "before", "tallies"], rows)
    values = {"before": stored.excluded.before, "tallies": stored.excluded.tallies}
    return stored.on_conflict_do_update(index_elements=["user_id"], set_=values)


_STORE = _store()
_REMOVE = learner_rollups.delete().where(_is_of_learner)
_changed = sa.cast(sa.bindparam("changed"), session_results.c.session_result_id.type)
_changed_at = sa.select(_completed_at).where(
    session_results.c.user_id == USER_ID, session_results.c.session_result_id == _changed
)
_REMOVE_WITH_CHANGED = _REMOVE.where(
    sa.or_(_changed.is_(None), learner_rollups.c.before > _changed_at.scalar_subquery())
)


def everything(learner_id: str, now: datetime) -> Sequence[Any]:
    """The rows of DAY_GROUPS for all sessions of the learner; the rollup is one row."""
    rows = run(EVERYTHING, {"user_id": learner_id, **EVER})
    settled = _settled(now).date() - ONE_DAY
    old = (row for row in rows if row.kind == "figures" and row.practiced_on < settled)
    if sum(row.sessions for row in old) >= MANY:
        after_snapshot(partial(_try_to_roll_up, learner_id, now))
    return rows


def _try_to_roll_up(learner_id: str, now: datetime) -> None:
    try:
        roll_up(learner_id, now)
    except (DBAPIError, PoolTimeout) as error:  # no connection is free, or writes are refused
        log.warning("older sessions were not rolled up: %s", type(error).__name__)


def roll_up(learner_id: str, now: datetime) -> None:
    """Add up the learner's older sessions and store the rollup. Raises DBAPIError.

    Does nothing while another transaction holds the learner's lock; the next query tries again.
    """
    parameters = {"user_id": learner_id, "before": _settled(now), **EVER}

    def work(transaction: Transaction) -> None:
        lock = {"learner_lock": locks.key(learner_id), "user_id": learner_id}
        transaction.defer(locks.STAY, lock)
        if transaction.run(locks.TRY_LOCK, lock)[0].taken:
            transaction.defer(_STORE, parameters)

    run_transaction(work)


def _settled(now: datetime) -> datetime:
    return midnight_utc((now.astimezone(UTC) - SETTLED).date())


class RollupProjection(Projection):
    """A learner's rollup. It is never stale: a change of a session in it removes it."""

    can_go_stale = False
    invalidate = (_REMOVE_WITH_CHANGED,)

    def context(self, new: sa.CTE, inserted: sa.CTE | None) -> sa.ScalarSelect[Any]:
        """The end of the learner's rollup."""
        before = sa.func.to_json(learner_rollups.c.before)
        return sa.select(before).where(_is_of_learner).scalar_subquery()

    def on_save(self, event: SaveEvent, context: str | None) -> AnswerExtras:
        """Remove the rollup if a saved session lies before its end."""
        if context and any(
            session.completed_at < datetime.fromisoformat(context) for session in event.saved_rows
        ):
            event.transaction.defer(_REMOVE, {"user_id": event.learner_id})
        return {}

    def rebuild(self, transaction: Transaction, learner_id: str, sessions: AllSessions) -> None:
        """Remove the rollup; the next query over all sessions stores a new one."""
        transaction.defer(_REMOVE, {"user_id": learner_id})
