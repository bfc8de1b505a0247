"""The learner's version: a counter that grows with each change of what is stored about the learner.

A write raises it behind the learner's lock and in the transaction of the change, so that versions become
visible in their order: who has seen one has seen all before it. A session result has the version at which it
last changed.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Insert, insert

from vorex_sessions.database import prepared
from vorex_sessions.models import USER_ID, learner_versions, session_results

_v = learner_versions.c
_one: sa.ColumnElement[int] = sa.literal_column("1", sa.BigInteger)
_LEAP: sa.ColumnElement[int] = sa.literal_column("1000000", sa.BigInteger)
_same_epoch: sa.ColumnElement[int] = sa.literal_column("0", sa.BigInteger)
_new_epoch = sa.cast(sa.func.random() * sa.literal_column("1e15"), sa.BigInteger) + _one


def _current_of(learner: sa.ColumnElement[Any]) -> sa.ColumnElement[int]:
    version = sa.select(_v.version).where(_v.user_id == learner).scalar_subquery()
    return sa.func.coalesce(version, sa.literal_column("0"))


def next_of(learner: sa.ColumnElement[Any]) -> sa.ColumnElement[int]:
    """NEXT of each learner of a statement on many."""
    return _current_of(learner) + _one


# The version of the learner `:user_id`, for what is stored after RAISE.
CURRENT = _current_of(USER_ID)
# The same for what is stored before RAISE, in the same transaction.
NEXT = next_of(USER_ID)


# The same for what is stored after RAISE from the learner's row.
RAISED = _v.version


def beside_learner(*columns: Any) -> sa.Select[Any]:
    """The learner's id and these columns, once RAISE has run: a row to store others from.

    Where there are several machines, they are then stored on the learner's.
    """
    return sa.select(_v.user_id, *columns).where(_v.user_id == USER_ID)


def _raised(insertion: Insert, **more: sa.ColumnElement[Any]) -> Insert:
    values = {"version": _v.version + _one, **more}
    return insertion.on_conflict_do_update(index_elements=["user_id"], set_=values)


RAISE = prepared(_raised(insert(learner_versions).values(user_id=USER_ID, version=_one)))

# Before what is stored from the learner's row, where nothing raises the version.
BE_THERE = prepared(
    insert(learner_versions)
    .values(user_id=USER_ID, version=sa.literal_column("0", sa.BigInteger))
    .on_conflict_do_nothing(index_elements=["user_id"])
)


def raise_all(learners: sa.FromClause) -> Insert:
    """RAISE for each learner in the column `user_id`."""
    rows = sa.select(learners.c.user_id, _one).distinct()
    return _raised(insert(learner_versions).from_select(["user_id", "version"], rows))


def raise_if_stored(*conditions: sa.ColumnElement[bool]) -> Insert:
    """Raise the version where the learner has sessions that meet the conditions, say to delete them."""
    stored = session_results.c.user_id
    row = sa.select(stored, _one).where(stored == USER_ID, *conditions).group_by(stored)
    return _raised(insert(learner_versions).from_select(["user_id", "version"], row))


def raise_with_purge(removed: sa.Subquery) -> Insert:
    """Raise the version of the learner `user_id`, as sessions completed up to the instant `at` are removed.

    `are_moved`: devices may have one of them with a later time, so that all begin anew.
    """
    kept_since = removed.c.at + sa.cast("1 microsecond", sa.Interval)
    epoch = sa.case((removed.c.are_moved, _new_epoch), else_=_same_epoch)
    row = sa.select(removed.c.user_id, _one, kept_since, _one, epoch)
    names = ["user_id", "version", "kept_since", "purged_version", "epoch"]
    added = insert(learner_versions).from_select(names, row)
    return _raised(
        added,
        kept_since=sa.func.greatest(_v.kept_since, added.excluded.kept_since),
        purged_version=_v.version + _one,
        epoch=sa.case((added.excluded.epoch == _same_epoch, _v.epoch), else_=added.excluded.epoch),
    )


def begin_anew(*tables: Any) -> Insert:
    """A new epoch for the learners in these tables: a restored backup has versions of another past.

    The version leaps, so that none of that past comes again with another meaning.
    """
    learners = sa.union(*(sa.select(table.c.user_id) for table in (*tables, learner_versions)))
    rows = learners.subquery("learners").c
    added = insert(learner_versions).from_select(
        ["user_id", "version", "epoch"], sa.select(rows.user_id, _LEAP, _new_epoch)
    )
    return added.on_conflict_do_update(
        index_elements=["user_id"],
        set_={"version": _v.version + _LEAP, "epoch": added.excluded.epoch},
    )
