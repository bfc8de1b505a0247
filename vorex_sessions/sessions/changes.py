"""What has changed since a device last asked: sessions as they are now, deletions, erasure, retention.

The learner's versions are the order. A position is an epoch, a version and an id; who has reached the end is
past all ids of the learner's version.
"""

import struct
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa

from vorex_sessions import cursors
from vorex_sessions.database import prepared, run
from vorex_sessions.database.documents import DOCUMENT, members_of
from vorex_sessions.models import (
    USER_ID,
    deleted_sessions,
    erased_learners,
    learner_versions,
    session_results,
)
from vorex_sessions.periods import stamp
from vorex_sessions.sessions import results

_s, _d, _e, _v = session_results.c, deleted_sessions.c, erased_learners.c, learner_versions.c
_PLACE = struct.Struct(">qq16s")  # epoch, version, session_result_id
_FIRST_ID, _LAST_ID = str(UUID(int=0)), str(UUID(int=2**128 - 1))
_zero: sa.ColumnElement[int] = sa.literal_column("0", sa.BigInteger)


@dataclass(frozen=True)
class Place:
    """How far a device has come; `BEGINNING` for one that has nothing."""

    epoch: int
    version: int
    session_result_id: str

    def write(self) -> str:
        """The place as clients keep it."""
        packed = _PLACE.pack(self.epoch, self.version, UUID(self.session_result_id).bytes)
        return cursors.write(packed, {})


BEGINNING = Place(0, -1, _FIRST_ID)


def _read(since: str | None) -> Place:
    """The place that a client sends back. Raises Invalid."""
    if since is None:
        return BEGINNING
    place = cursors.read(since, {}, size=_PLACE.size, parameter="since")
    epoch, version, session_result_id = _PLACE.unpack(place)
    return Place(epoch, version, str(UUID(bytes=session_result_id)))


def _after(table: Any) -> sa.ColumnElement[bool]:
    version: sa.BindParameter[int] = sa.bindparam("version", type_=table.c.version.type)
    after_id: sa.BindParameter[str] = sa.bindparam("after_id", type_=_s.session_result_id.type)
    place = sa.tuple_(table.c.version, table.c.session_result_id)
    return sa.and_(table.c.user_id == USER_ID, place > sa.tuple_(version, after_id))


def _page() -> sa.Select[Any]:
    """The learner's state, and beside it the changes after a place; at least one row.

    `:limit` is one more than the page holds. The tombstones of an erasure are left out: `erased_at` says it.
    """
    limit: sa.BindParameter[int] = sa.bindparam("limit", type_=sa.Integer)
    order = ("version", "session_result_id")
    no_time = sa.cast(sa.null(), _d.deleted_at.type).label("deleted_at")
    stored = sa.select(*results.COLUMNS, no_time).where(_after(session_results))
    erased = sa.select(_e.version).where(_e.user_id == USER_ID).scalar_subquery()
    shown = {
        "version": _d.version,
        "session_result_id": _d.session_result_id,
        "user_id": _d.user_id,
    }
    deleted = sa.select(
        *(
            shown.get(column.name, sa.cast(sa.null(), column.type)).label(column.name)
            for column in results.COLUMNS
        ),
        _d.deleted_at,
    ).where(
        _after(deleted_sessions), _d.version > sa.func.coalesce(erased, sa.literal_column("-1"))
    )
    pages = [
        sa.select(one.order_by(*(sa.column(name) for name in order)).limit(limit).subquery())
        for one in (stored, deleted)
    ]
    both = sa.union_all(*pages).subquery("both")
    changes = sa.select(both).order_by(*(both.c[name] for name in order)).limit(limit)
    changed = changes.subquery("change")
    change = changed.c
    state = _state().subquery("state")
    joined = state.outerjoin(changed, sa.true())
    members = members_of(changed, results.NAMES)
    place = (change.session_result_id, change.version, change.deleted_at)
    whole = sa.select(DOCUMENT, *place, *state.c).select_from(joined.join(members, sa.true()))
    return whole.order_by(*(change[name] for name in order))


def _state() -> sa.Select[Any]:
    """One row: the learner's version and epoch, and what was removed at once."""
    one = sa.select(sa.literal_column("1")).subquery("one")
    return sa.select(
        sa.func.coalesce(_v.version, _zero).label("latest_version"),
        sa.func.coalesce(_v.epoch, _zero).label("epoch"),
        _v.kept_since,
        sa.func.coalesce(_v.purged_version, _zero).label("purged_version"),
        _e.erased_at,
        _e.version.label("erased_version"),
    ).select_from(
        one.outerjoin(learner_versions, _v.user_id == USER_ID).outerjoin(
            erased_learners, _e.user_id == USER_ID
        )
    )


_PAGE = prepared(_page())


def changes(learner_id: str, *, since: str | None = None, limit: int) -> dict[str, Any]:
    """The changes after a place, in order of version, as the API returns them. Raises Invalid.

    `reset`: the device has to drop all that it has, because it begins, or everything was erased since, or
    its place is of another epoch: a backup was restored, or a purge removed what was moved to an old day.
    """
    place = _read(since)
    parameters = {"version": place.version, "after_id": place.session_result_id}
    rows = run(_PAGE, {"user_id": learner_id, **parameters, "limit": limit + 1})
    state = rows[0]
    is_of_now = place.epoch == state.epoch and place.version <= state.latest_version
    if place != BEGINNING and not is_of_now:
        return changes(learner_id, limit=limit)
    found = [row for row in rows if row.session_result_id is not None]
    shown, has_more = found[:limit], len(found) > limit
    erased = state.erased_at is not None and place.version < state.erased_version
    purged = state.kept_since is not None and place.version < state.purged_version
    return {
        "changes": [_shown(row) for row in shown],
        "next": _end(state, shown[-1] if has_more else None).write(),
        "has_more": has_more,
        "reset": place == BEGINNING or erased,
        "erased_at": stamp(state.erased_at) if erased else None,
        "kept_since": stamp(state.kept_since) if purged else None,
    }


def _end(state: Any, last: Any) -> Place:
    """The place after a row, or after all that there is."""
    if last is None:
        return Place(state.epoch, state.latest_version, _LAST_ID)
    return Place(state.epoch, last.version, str(last.session_result_id))


def _shown(row: Any) -> dict[str, Any]:
    change = {
        "session_result_id": row.session_result_id,
        "version": row.version,
        "deleted": row.deleted_at is not None,
    }
    if row.deleted_at is not None:
        return {**change, "deleted_at": stamp(row.deleted_at)}
    return {**change, "session": orjson.Fragment(row.document)}
