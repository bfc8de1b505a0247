"""The learner's sessions, newest first: filters, pages by offset or by cursor."""

import struct
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa

from vorex_sessions import cursors
from vorex_sessions.database import prepared, run
from vorex_sessions.database.documents import DOCUMENT, members_of
from vorex_sessions.models import USER_ID, session_results
from vorex_sessions.periods import earliest_instant, latest_instant
from vorex_sessions.problems.kinds import Invalid
from vorex_sessions.problems.validation import validation_problem
from vorex_sessions.sessions import results
from vorex_sessions.text import fold

_s = session_results.c
_PLACE = struct.Struct(">q16s")  # microseconds since 1970, session_result_id
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_learner = _s.user_id == USER_ID
_all = sa.select(sa.func.unnest(_s.topics).label("topic")).where(_learner).distinct().subquery()
# The learner's spellings that may be `:topic`. Those beyond ASCII are compared in Python: PostgreSQL 15 has
# no case folding. At least one row, which carries what the answer rests on (hooks/freshness.py).
_may_be_it = sa.or_(
    sa.func.lower(_all.c.topic.collate("C")) == sa.bindparam("topic"),
    sa.func.octet_length(_all.c.topic) > sa.func.char_length(_all.c.topic),
)
_one = sa.select(sa.literal_column("1")).subquery("one")
_SPELLINGS = sa.select(_all.c.topic).select_from(_one.outerjoin(_all, _may_be_it))
# The ranges on completed_at only help the index; practiced_on decides.
_CONDITIONS: dict[str, sa.ColumnElement[bool]] = {
    "session_type": _s.session_type == sa.bindparam("session_type"),
    "spellings": _s.topics.op("&&")(sa.bindparam("spellings", type_=_s.topics.type)),
    "date_from": sa.and_(
        _s.practiced_on >= sa.bindparam("date_from"), _s.completed_at >= sa.bindparam("not_before")
    ),
    "date_to": sa.and_(
        _s.practiced_on <= sa.bindparam("date_to"), _s.completed_at < sa.bindparam("not_after")
    ),
    "language": _s.language == sa.bindparam("language"),
    "scenario_id": _s.metadata["scenario_id"].astext == sa.bindparam("scenario_id"),
}
_AFTER = sa.tuple_(_s.completed_at, _s.session_result_id) < sa.tuple_(
    sa.bindparam("after_instant", type_=_s.completed_at.type),
    sa.bindparam("after_id", type_=_s.session_result_id.type),
)


@lru_cache(maxsize=128)
def statement(filters: frozenset[str], by_cursor: bool) -> sa.Select[Any]:
    """A page and the total: at least one row, with a null id where the page is empty.

    `:limit` is one more than the page holds: an extra session means that another page follows.
    """
    matching = [_learner, *(_CONDITIONS[name] for name in sorted(filters))]
    total = sa.select(sa.func.count().label("total")).select_from(session_results).where(*matching)
    page = sa.select(*results.COLUMNS).where(*matching).order_by(*_newest(_s))
    page = page.where(_AFTER) if by_cursor else page.offset(sa.bindparam("offset"))
    counted, shown = total.subquery(), page.limit(sa.bindparam("limit")).subquery()
    place = (shown.c.completed_at, shown.c.session_result_id)
    members = members_of(shown, results.NAMES)
    combined = (
        sa.select(DOCUMENT, *place, counted.c.total)
        .select_from(counted.outerjoin(shown, sa.true()).join(members, sa.true()))
        .order_by(*_newest(shown.c))
    )
    # Without filters one plan suits every learner: it reads the index only as far as the page.
    return combined if filters else prepared(combined)


def _newest(columns: Any) -> tuple[sa.UnaryExpression[Any], ...]:
    return columns.completed_at.desc(), columns.session_result_id.desc()


def page(
    learner_id: str,
    *,
    limit: int,
    offset: int | None = None,
    cursor: str | None = None,
    **filters: Any,
) -> dict[str, Any]:
    """A page of the learner's sessions as the API returns it. Raises Invalid.

    `filters`: session_type, topic, date_from, date_to, scenario_id, language; a filter left out matches all.
    """
    if "topic" in filters:
        filters["topic"] = fold(filters["topic"])
    parameters = {**_place(filters, offset, cursor), "user_id": learner_id, "limit": limit + 1}
    values = _filter_parameters(learner_id, filters)
    conditions = frozenset(_CONDITIONS.keys() & values.keys())
    rows = run(statement(conditions, cursor is not None), {**values, **parameters})
    sessions = [row for row in rows if row.session_result_id is not None]
    return _answer(sessions, rows[0].total, limit, parameters.get("offset"), filters)


def _place(
    filters: Mapping[str, Any], offset: int | None, cursor: str | None
) -> dict[str, datetime | str | int]:
    if cursor is None:
        return {"offset": offset or 0}
    if offset is not None:
        raise _invalid("offset", "must be left out where cursor is used")
    instant, session_result_id = read_cursor(cursor, filters)
    return {"after_instant": instant, "after_id": session_result_id}


def write_cursor(row: Any, filters: Mapping[str, Any]) -> str:
    """The cursor that continues after a session."""
    moment = (row.completed_at - _EPOCH) // timedelta(microseconds=1)
    return cursors.write(_PLACE.pack(moment, UUID(row.session_result_id).bytes), filters)


def read_cursor(cursor: str, filters: Mapping[str, Any]) -> tuple[datetime, str]:
    """The instant and id to continue after. Raises Invalid."""
    place = cursors.read(cursor, filters, size=_PLACE.size)
    moment, session_result_id = _PLACE.unpack(place)
    try:
        return _EPOCH + timedelta(microseconds=moment), str(UUID(bytes=session_result_id))
    except OverflowError:
        raise cursors.invalid() from None


def _invalid(parameter: str, rule: str) -> Invalid:
    return validation_problem({parameter: [rule]}, in_query=True)


def _filter_parameters(learner_id: str, filters: Mapping[str, Any]) -> dict[str, Any]:
    """The bind parameters of the filters. Raises Invalid."""
    values = dict(filters)
    if "date_from" in values and "date_to" in values and values["date_from"] > values["date_to"]:
        raise _invalid("date_from", "must not be after date_to")
    if "date_from" in values:
        values["not_before"] = earliest_instant(values["date_from"])
    if "date_to" in values:
        values["not_after"] = latest_instant(values["date_to"])
    if topic := values.pop("topic", None):
        rows = run(_SPELLINGS, {"user_id": learner_id, "topic": topic})
        spellings = (row.topic for row in rows if row.topic is not None)
        values["spellings"] = [one for one in spellings if fold(one) == topic]
    return values


def _answer(
    rows: Any, total: int, limit: int, offset: Any, filters: Mapping[str, Any]
) -> dict[str, Any]:
    shown, has_more = rows[:limit], len(rows) > limit
    last = shown[-1] if has_more else None
    return {
        "sessions": [orjson.Fragment(row.document) for row in shown],
        "total": total,
        "limit": limit,
        "offset": offset,
        "has_more": has_more,
        "next_cursor": last and write_cursor(last, filters),
    }
