"""Stores session results of many learners at once, as an import brings them; set-based, without answers.

What is derived from a learner's sessions becomes stale, and the next question rebuilds it.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, insert

from vorex_sessions.database import (
    NO_NESTED_LOOPS,
    Transaction,
    as_rows,
    locks,
    recordset,
    run_long,
    run_transaction,
)
from vorex_sessions.hooks import versions
from vorex_sessions.hooks.learner_days import day_starts_at
from vorex_sessions.hooks.registry import registry
from vorex_sessions.models import session_results
from vorex_sessions.sessions import results, tombstones

# A session of a learner: both ids.
Key = tuple[str, str]
_TIMEOUT = 60  # seconds for some thousand rows, also on a busy machine
_s = session_results.c
_UUIDS = ARRAY(sa.Uuid(as_uuid=False))
_learners = sa.cast(sa.bindparam("learners"), _UUIDS)
_ids = sa.cast(sa.bindparam("ids"), _UUIDS)


@dataclass(frozen=True)
class Stored:
    """What became of rows to store: those that are new, and those with a tombstone."""

    new: frozenset[Key] = frozenset()
    gone: frozenset[Key] = frozenset()


def _judged() -> sa.CTE:
    """The rows in `:rows`, and whether each has a tombstone."""
    given = recordset("given", [*results.STORED, _s.created_at, results.HOUR])
    is_gone = sa.or_(
        tombstones.is_deleted(given.c.session_result_id, given.c.user_id),
        tombstones.is_erased(given.c.completed_at, given.c.user_id),
    )
    return sa.select(given, is_gone.label("is_gone")).cte("judged")


def _judgement() -> sa.Select[Any]:
    """Judge only."""
    judged = _judged().c
    is_new = sa.false().label("is_new")
    return sa.select(judged.user_id, judged.session_result_id, judged.is_gone, is_new)


def _insertion() -> sa.Select[Any]:
    """Insert what is new, with the next version of its learner, and raise that."""
    judged = _judged()
    row = judged.c
    is_before_start = row.hour < sa.func.coalesce(
        day_starts_at(row.user_id), sa.literal_column("0")
    )
    days = {"practiced_on": row.practiced_on - sa.cast(is_before_start, sa.Integer)}
    names = [*(column.name for column in results.STORED), "created_at"]
    values = [days.get(name, row[name]) for name in names]
    rows = sa.select(*values, versions.next_of(row.user_id)).where(~row.is_gone)
    inserted = insert(session_results).from_select([*names, "version"], rows)
    inserted = inserted.on_conflict_do_nothing(index_elements=["user_id", "session_result_id"])
    new = inserted.returning(_s.user_id, _s.session_result_id).cte("new")
    is_it = (new.c.user_id == row.user_id) & (new.c.session_result_id == row.session_result_id)
    is_new = new.c.user_id.is_not(None).label("is_new")
    columns = (row.user_id, row.session_result_id, row.is_gone, is_new)
    statement = sa.select(*columns).select_from(judged.outerjoin(new, is_it))
    return statement.add_cte(versions.raise_all(new).cte("raised"))


def _lookup() -> sa.Select[Any]:
    """What is stored of the sessions in `:learners` and `:ids`."""
    wanted = sa.func.unnest(_learners, _ids).table_valued("user_id", "session_result_id")
    wanted = wanted.render_derived(name="wanted")
    is_it = (_s.user_id == wanted.c.user_id) & (_s.session_result_id == wanted.c.session_result_id)
    columns = (_s.user_id, _s.session_result_id, _s.duration_seconds, _s.words_spoken)
    return sa.select(*columns).select_from(wanted.join(session_results, is_it))


_wanted_learner = sa.func.unnest(_learners).table_valued("user_id").render_derived(name="wanted")
_WITH_SESSIONS = sa.select(_wanted_learner.c.user_id).where(
    sa.exists().where(_s.user_id == _wanted_learner.c.user_id)
)
_JUDGE, _INSERT, _LOOKUP = _judgement(), _insertion(), _lookup()


def lookup(keys: Collection[Key]) -> dict[Key, Any]:
    """Seconds and words of those of the sessions that are stored. Raises DBAPIError."""
    parameters = {"learners": [key[0] for key in keys], "ids": [key[1] for key in keys]}
    rows = run_long(_LOOKUP, parameters, timeout=_TIMEOUT)
    return {(str(row.user_id), str(row.session_result_id)): row for row in rows}


def judge(rows: Sequence[Mapping[str, Any]]) -> Stored:
    """Which rows have a tombstone; stores nothing. Raises DBAPIError."""
    return _stored(run_long(_JUDGE, {"rows": as_rows(rows)}, timeout=_TIMEOUT))


def store(rows: Sequence[Mapping[str, Any]]) -> Stored:
    """Store the rows that are new, all or nothing, behind the locks of all their learners.

    A row has the columns `results.STORED`, `created_at` and `results.HOUR`. Raises DBAPIError.
    """
    learners = sorted({row["user_id"] for row in rows})

    def work(transaction: Transaction) -> Stored:
        for lock in locks.ACQUIRE_ALL:
            transaction.defer(lock, {"learner_locks": locks.keys(learners)})
        for row in transaction.run(_WITH_SESSIONS, {"learners": learners}):
            for statement in registry().invalidation():
                transaction.defer(statement, {"user_id": str(row.user_id), "changed": None})
        transaction.defer(NO_NESTED_LOOPS, {})
        return _stored(transaction.run(_INSERT, {"rows": as_rows(rows)}))

    return run_transaction(work, timeout=_TIMEOUT)


def _stored(rows: Sequence[Any]) -> Stored:
    def keys(name: str) -> frozenset[Key]:
        found = (row for row in rows if getattr(row, name))
        return frozenset((str(row.user_id), str(row.session_result_id)) for row in found)

    return Stored(keys("is_new"), keys("is_gone"))
