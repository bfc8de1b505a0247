"""Streaks that end today unless the learner practises: found page by page."""

import logging
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DBAPIError

from vorex_sessions.database import Transaction, locks, run_long
from vorex_sessions.growth.streaks import streak
from vorex_sessions.growth.telling import run_current_totals, totals_and_history
from vorex_sessions.growth.totals import Totals, from_columns
from vorex_sessions.models import BEFORE_ALL, learner_totals
from vorex_sessions.periods import day_of, zones_from_hour
from vorex_sessions.preferences.history import History, from_json
from vorex_sessions.preferences.store import has_days_off, history_of

log = logging.getLogger(__name__)

SHORTEST = 3  # days of a streak that is worth a warning
_PAGE = 5000  # learners
_TIMEOUT = 600  # seconds for a page, which may have to look at all others for it
_LATEST_START = 6  # the hour at which a day starts at the latest
_LONGEST_PAUSE = 400  # days without practice that a streak can outlive; a pause has 366 at most
_TOTALS = totals_and_history().select()


def _page() -> sa.Select[Any]:
    """The next learners whose streak may end today in one of `:zones`."""
    row = learner_totals.c
    after = row.user_id > sa.bindparam("after", type_=row.user_id.type)
    zones = sa.cast(sa.bindparam("zones"), JSONB)
    today = sa.cast(zones[row.timezone].astext, sa.Date)  # NULL in other zones
    long_ago = today - sa.literal_column(str(_LONGEST_PAUSE), sa.Integer)
    # Without days off it ends when more days are missed than there are freezes. In the night, where a
    # learner's day has not begun yet, it is the day before.
    ends_on = row.counted_on + row.freezes + sa.literal_column("1", sa.Integer)
    may_end = sa.or_(
        ends_on.between(today - sa.cast(sa.bindparam("nights"), sa.Integer), today),
        sa.and_(row.counted_on.between(long_ago, today), has_days_off(row.user_id)),
    )
    counted = sa.and_(row.counted, row.current_streak >= sa.literal_column(str(SHORTEST)), may_end)
    is_found = sa.or_(counted, sa.and_(~row.counted, row.last_day >= long_ago))
    # Not row_to_json: of rows of several machines it forgets what the columns are called.
    named: list[Any] = []
    for name in Totals.__dataclass_fields__:
        named += [sa.literal_column(f"'{name}'"), row[name]]
    totals = sa.func.json_build_object(*named)
    columns = (
        row.user_id,
        row.counted,
        totals.label("totals"),
        history_of(row.user_id).label("history"),
    )
    page = sa.select(*columns).where(after, is_found).order_by(row.user_id)
    return page.limit(sa.literal_column(str(_PAGE)))


_NEXT = _page()


def in_danger(now: datetime, hour: int) -> Iterator[list[str]]:
    """Learners whose streak ends today, in pages; only where it is `hour` or later, before midnight.

    Totals that are stale are counted again. Raises DBAPIError.
    """
    zones = {name: day.isoformat() for name, day in zones_from_hour(now, hour).items()}
    nights = 1 if hour < _LATEST_START else 0
    parameters = {"zones": orjson.dumps(zones).decode(), "nights": nights, "after": BEFORE_ALL}
    while rows := run_long(_NEXT, parameters, timeout=_TIMEOUT):
        if found := [str(row.user_id) for row in rows if _is_ending(row, now)]:
            yield found
        parameters["after"] = str(rows[-1].user_id)


def _is_ending(row: Any, now: datetime) -> bool:
    """Judge a learner; False where it is left to the next run, lest the others wait."""
    try:
        if not row.counted:
            (row,) = run_current_totals(_TOTALS, {"user_id": str(row.user_id)})
    except DBAPIError as error:
        if not locks.is_of_one(error):
            raise
        log.warning("a streak is not judged: %s", type(error.orig).__name__)
        return False
    return _ending(from_columns(row.totals), from_json(row.history), now) is not None


def ending_today(transaction: Transaction, learner_id: str, now: datetime) -> dict[str, Any] | None:
    """The learner's streak, where it is worth a warning and ends with today; None otherwise.

    `day` is the learner's today, in the zone of the latest session.
    """
    (row,) = transaction.run(_TOTALS, {"user_id": learner_id})
    return _ending(from_columns(row.totals), from_json(row.history), now)


def _ending(totals: Totals, history: History, now: datetime) -> dict[str, Any] | None:
    zone_name = totals.timezone or "UTC"
    summary = streak(totals, zone_name=zone_name, now=now, history=history)
    if not summary["at_risk"] or summary["current"] < SHORTEST:
        return None
    today = day_of(now, zone_name, history.latest.day_starts_at)
    return {"streak": summary["current"], "day": today.isoformat(), "ends_at": summary["ends_at"]}
