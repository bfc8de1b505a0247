"""Removes sessions of many learners in small batches, each behind its learner's lock."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from vorex_sessions.database import Transaction, locks, run_transaction
from vorex_sessions.hooks import events, versions
from vorex_sessions.hooks.registry import registry
from vorex_sessions.models import USER_ID, session_results
from vorex_sessions.sessions import tombstones

_BATCH = 500  # sessions
_ROUNDS = 3  # attempts on a learner whose lock is taken
_s = session_results.c


@dataclass(frozen=True)
class PurgeResult:
    """How many sessions were removed, of how many learners; `busy`: learners whose lock stayed taken."""

    sessions: int
    learners: int
    busy: int = 0


def purge_batches(
    learners: Iterable[str],
    condition: sa.ColumnElement[bool],
    parameters: Mapping[str, Any],
    *,
    by_age: bool,
) -> PurgeResult:
    """Remove each learner's sessions that meet the condition. Safe to stop, and to run again.

    `by_age`: the condition is met by whatever was completed before the instant `:cutoff`.
    """
    removed: Counter[str] = Counter()
    statements = _statements(condition, by_age)
    busy = set(learners)
    for _ in range(_ROUNDS):
        busy = {one for one in sorted(busy) if not _purge(one, statements, parameters, removed)}
    return PurgeResult(removed.total(), len(+removed), len(busy))


def _purge(
    learner_id: str,
    statements: "_Statements",
    parameters: Mapping[str, Any],
    removed: Counter[str],
) -> bool:
    """Purge a learner, adding to `removed`; False where another transaction held the lock."""
    values = {**parameters, "user_id": learner_id, "changed": None}

    def work(transaction: Transaction) -> int:
        for statement in (*registry().invalidation(), statements.raising):
            transaction.defer(statement, values)
        if not (statements.by_age or removed[learner_id]):  # once, though in several batches
            events.record_erasure_again(transaction, learner_id, tombstones.HAS_ERASED)
        events.record_removal(transaction, learner_id, statements.told, values)
        return len(transaction.finish(statements.removing, values))

    count = _BATCH
    while count == _BATCH:
        try:
            count = run_transaction(work, learner_id=learner_id)
        except DBAPIError as error:
            if not locks.is_taken(error):
                raise
            return False
        removed[learner_id] += count
    return True


class _Statements(NamedTuple):
    """What raises the learner's version, selects the sessions to tell of, and removes them.

    What was erased is told of as an erasure, and no single session of it.
    """

    raising: sa.Executable
    told: sa.Select[Any]
    removing: sa.Executable
    by_age: bool


@lru_cache(maxsize=8)
def _statements(condition: sa.ColumnElement[bool], by_age: bool) -> _Statements:
    """Statements on the oldest sessions that meet the condition."""
    is_of_learner = _s.user_id == USER_ID
    # Corrected when it was so old already: perhaps it was moved there, and devices do not know.
    is_moved = sa.and_(_s.updated_at > _s.created_at, _s.updated_at >= sa.bindparam("cutoff"))
    columns = (_s.user_id, _s.session_result_id, _s.completed_at, is_moved.label("is_moved"))
    oldest = sa.select(*columns).where(is_of_learner, condition)
    oldest = oldest.order_by(_s.completed_at, _s.session_result_id)
    oldest = oldest.limit(sa.literal_column(str(_BATCH)))
    ids = oldest.with_only_columns(_s.session_result_id).correlate(None)
    removed = sa.delete(session_results).where(is_of_learner, _s.session_result_id.in_(ids))
    removing = removed.returning(_s.session_result_id)
    of_batch = sa.select(_s.user_id, _s.session_result_id, _s.version).where(
        is_of_learner, _s.session_result_id.in_(ids), ~tombstones.is_erased(_s.completed_at)
    )
    if not by_age:
        raising = versions.raise_if_stored(condition)
        return _Statements(raising, of_batch, removing, by_age)
    old = oldest.subquery("oldest").c
    newest = sa.func.max(old.completed_at).label("at")
    are_moved = sa.func.bool_or(old.is_moved).label("are_moved")
    raising = versions.raise_with_purge(
        sa.select(old.user_id, newest, are_moved).group_by(old.user_id).subquery("removed")
    )
    return _Statements(raising, of_batch, removing, by_age)
