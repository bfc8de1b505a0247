"""Streaks that end today unless the learner practises: found page by page, then judged one by one."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from vorex_sessions.database import Transaction, run
from vorex_sessions.growth.telling import current_streak, run_current_totals, totals_and_history
from vorex_sessions.growth.totals import from_columns
from vorex_sessions.models import learner_totals
from vorex_sessions.periods import day_of, todays, zones_from_hour
from vorex_sessions.preferences.history import from_json
from vorex_sessions.preferences.store import has_days_off

SHORTEST = 3  # days of a streak that is worth a warning
_PAGE = 5000  # learners; a million take some seconds
_LONGEST_PAUSE = 400  # days without practice that a streak can outlive; a pause has 366 at most
_BEFORE_ALL = "00000000-0000-0000-0000-000000000000"
_t = learner_totals.c
_TOTALS = totals_and_history().select()


def _page() -> sa.Select[Any]:
    """Of a page of learners: those whose streak may end today in one of `:zones`, and the last one."""
    after = _t.user_id > sa.bindparam("after", type_=_t.user_id.type)
    names = ("user_id", "current_streak", "counted_on", "freezes", "timezone", "counted")
    page = sa.select(*(_t[name] for name in names), _t.last_day).where(after)
    page = page.order_by(_t.user_id).limit(sa.literal_column(str(_PAGE)))
    row = page.cte("page").prefix_with("MATERIALIZED", dialect="postgresql").c
    first, last = sa.bindparam("first", type_=sa.Date), sa.bindparam("last", type_=sa.Date)
    long_ago = last - sa.literal_column(str(_LONGEST_PAUSE), sa.Integer)
    # Without days off it ends when more days are missed than there are freezes.
    ends_on = row.counted_on + row.freezes + sa.literal_column("1", sa.Integer)
    may_end = sa.or_(
        ends_on.between(first, last),
        sa.and_(row.counted_on.between(long_ago, last), has_days_off(row.user_id)),
    )
    counted = sa.and_(row.counted, row.current_streak >= sa.literal_column(str(SHORTEST)), may_end)
    stale = sa.and_(~row.counted, row.last_day >= long_ago)
    zones = sa.cast(sa.bindparam("zones"), sa.ARRAY(sa.Text))
    is_found = sa.and_(row.timezone == sa.any_(zones), sa.or_(counted, stale))
    last_one = sa.select(sa.func.max(sa.cast(row.user_id, sa.Text))).scalar_subquery()
    is_last = sa.cast(row.user_id, sa.Text) == last_one
    columns = (row.user_id, row.counted, is_found.label("is_found"))
    return sa.select(*columns).where(sa.or_(is_found, is_last)).order_by(row.user_id)


_NEXT = _page()


def in_danger(now: datetime, hour: int) -> Iterator[list[str]]:
    """Learners whose streak may end today, in pages; only where it is `hour` or later, before midnight.

    Their totals are current. Raises DBAPIError.
    """
    days = todays(now)
    parameters = {"zones": zones_from_hour(now, hour), "first": days[0], "last": days[-1]}
    after = _BEFORE_ALL
    while rows := run(_NEXT, {**parameters, "after": after}):
        found = [row for row in rows if row.is_found]
        for row in found:
            if not row.counted:
                run_current_totals(_TOTALS, {"user_id": str(row.user_id)})
        if found:
            yield [str(row.user_id) for row in found]
        after = str(rows[-1].user_id)


def ending_today(transaction: Transaction, learner_id: str, now: datetime) -> dict[str, Any] | None:
    """The learner's streak, where it is worth a warning and ends with today; None otherwise.

    `day` is the learner's today, in the zone of the latest session.
    """
    (row,) = transaction.run(_TOTALS, {"user_id": learner_id})
    totals, history = from_columns(row.totals), from_json(row.history)
    summary = current_streak(totals, learner_id, now, transaction.run, history=history)
    if not summary["at_risk"] or summary["current"] < SHORTEST:
        return None
    today = day_of(now, totals.timezone or "UTC", history.latest.day_starts_at)
    return {"streak": summary["current"], "day": today.isoformat(), "ends_at": summary["ends_at"]}
