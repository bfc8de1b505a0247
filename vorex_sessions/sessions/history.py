"""The learner's sessions, newest first: filters, pages by offset or by cursor."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from vorex_sessions.database.prepared import prepared
from vorex_sessions.database.queries import run
from vorex_sessions.models import USER_ID, session_results
from vorex_sessions.periods import earliest_instant, midnight_utc
from vorex_sessions.problems.kinds import Invalid
from vorex_sessions.problems.validation import validation_problem
from vorex_sessions.sessions import cursors, results

_s = session_results.c
_learner = _s.user_id == USER_ID
# The learner's own spellings: PostgreSQL 15 has no case folding of its own to compare with.
_SPELLINGS = sa.select(sa.func.unnest(_s.topics).label("topic")).where(_learner).distinct()
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
    "scenario_id": _s.metadata["scenario_id"].astext == sa.bindparam("scenario_id"),
}
_AFTER = sa.tuple_(_s.completed_at, _s.session_result_id) < sa.tuple_(
    sa.bindparam("after_instant", type_=_s.completed_at.type),
    sa.bindparam("after_id", type_=_s.session_result_id.type),
)


@lru_cache(maxsize=128)
def statement(filters: frozenset[str], by_cursor: bool) -> sa.Select[Any]:
    """One page beside the total: at least one row, with a null id where the page is empty.

    One session more than asked for tells whether there is more.
    """
    matching = [_learner, *(_CONDITIONS[name] for name in sorted(filters))]
    total = sa.select(sa.func.count().label("total")).select_from(session_results).where(*matching)
    page = sa.select(*results.COLUMNS).where(*matching).order_by(*_newest(_s))
    page = page.where(_AFTER) if by_cursor else page.offset(sa.bindparam("offset"))
    counted, shown = total.subquery(), page.limit(sa.bindparam("limit")).subquery()
    both = (
        sa.select(*shown.c, counted.c.total)
        .select_from(counted.outerjoin(shown, sa.true()))
        .order_by(*_newest(shown.c))
    )
    # Without filters one plan is right for everybody: along the index, and no further than the page.
    return both if filters else prepared(both)


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
    """A page of the learner's sessions as the contract shows it. Raises Invalid.

    `filters`: session_type, topic, date_from, date_to, scenario_id; absent means all.
    """
    if "topic" in filters:
        filters["topic"] = filters["topic"].casefold()
    parameters = {**_place(filters, offset, cursor), "user_id": learner_id, "limit": limit + 1}
    used = _parameters_of(learner_id, filters)
    conditions = frozenset(_CONDITIONS.keys() & used.keys())
    rows = run(statement(conditions, cursor is not None), {**used, **parameters})
    found = [row for row in rows if row.session_result_id is not None]
    return _answer(found, rows[0].total, limit, parameters.get("offset"), filters)


def _place(
    given: Mapping[str, Any], offset: int | None, cursor: str | None
) -> dict[str, datetime | str | int]:
    if cursor is None:
        return {"offset": offset or 0}
    if offset is not None:
        raise _refused("offset", "must be left out where cursor is used")
    try:
        instant, session_result_id = cursors.read(cursor, given)
    except ValueError as error:
        raise _refused("cursor", str(error)) from None
    return {"after_instant": instant, "after_id": session_result_id}


def _refused(parameter: str, rule: str) -> Invalid:
    return validation_problem({parameter: [rule]}, in_query=True)


def _parameters_of(learner_id: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The bind parameters of the filters that were given."""
    used = dict(given)
    if "date_from" in used and "date_to" in used and used["date_from"] > used["date_to"]:
        raise _refused("date_from", "must not be after date_to")
    if "date_from" in used:
        used["not_before"] = earliest_instant(max(used["date_from"], date(2000, 1, 1)))
    if "date_to" in used:
        last = min(used["date_to"], date(9000, 1, 1))
        used["not_after"] = midnight_utc(last + timedelta(days=2))
    if topic := used.pop("topic", None):
        rows = run(_SPELLINGS, {"user_id": learner_id})
        used["spellings"] = [row.topic for row in rows if row.topic.casefold() == topic]
    return used


def _answer(
    rows: Any, total: int, limit: int, offset: Any, given: Mapping[str, Any]
) -> dict[str, Any]:
    shown, has_more = rows[:limit], len(rows) > limit
    last = shown[-1] if has_more else None
    return {
        "sessions": [results.as_json(row) for row in shown],
        "total": total,
        "limit": limit,
        "offset": offset,
        "has_more": has_more,
        "next_cursor": last and cursors.write(last.completed_at, last.session_result_id, given),
    }
