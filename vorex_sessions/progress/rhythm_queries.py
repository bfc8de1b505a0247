"""The statements of the rhythm, built once."""

from typing import Any

import sqlalchemy as sa

from vorex_sessions.database import prepared
from vorex_sessions.models import session_results
from vorex_sessions.progress.queries import CALENDAR, of_period, sums

_s = session_results.c
_A_MONDAY: sa.ColumnElement[Any] = sa.literal_column("DATE '1900-01-01'")


def _hour() -> sa.ColumnElement[int]:
    """The hour that the clock showed when a session ended.

    PostgreSQL reads `UTC+02:00` as POSIX does, two hours behind UTC; as an interval it is two hours ahead.
    """
    utc = sa.func.timezone(sa.literal_column("'UTC'"), _s.completed_at)
    offset = sa.cast(sa.func.substr(_s.timezone, sa.literal_column("4")), sa.Interval)
    has_offset = _s.timezone.like(sa.literal_column("'UTC_%'"))
    by_name = sa.func.timezone(_s.timezone, _s.completed_at)
    clock = sa.case((has_offset, utc + offset), else_=by_name)
    # Takes half the time of EXTRACT, which makes a numeric.
    hour = sa.func.date_part(sa.literal_column("'hour'"), clock)
    return sa.cast(hour, sa.Integer).label("hour")


def _rhythm(*moment: sa.ColumnElement[Any]) -> sa.Select[Any]:
    """Sums of sessions by weekday and by the columns of `moment`, with what makes the learner's calendar.

    Weekdays count from 0 for Monday. Near the start of the period, where the zone decides what counts, `day`
    is the sessions' own. At least one row: without a weekday where there is no session.
    """
    near_start = _s.practiced_on.between(sa.bindparam("edge_from"), sa.bindparam("edge_to"))
    days = sa.cast(_s.practiced_on - _A_MONDAY, sa.Integer)
    weekday = sa.func.mod(days, sa.literal_column("7"))
    sessions = (
        of_period(
            *(
                sa.case((near_start, _s.practiced_on)).label("day"),
                weekday.label("weekday"),
                *moment,
            ),
            *(_s.practiced_on, _s.duration_seconds, _s.words_spoken),
            *(_s.pronunciation_score, _s.fluency_score, _s.grammar_score),
        )
        .where(_s.practiced_on >= sa.bindparam("edge_from"))
        .subquery()
    )
    by = [sessions.c[name] for name in ("day", "weekday", *(column.name for column in moment))]
    first_day = sa.func.min(sessions.c.practiced_on).label("first_day")
    groups = sa.select(*by, first_day, *sums(sessions.c)).group_by(*by).subquery()
    head = sa.select(*CALENDAR).subquery()
    return sa.select(*head.c, *groups.c).select_from(head.outerjoin(groups, sa.true()))


BY_HOUR = prepared(_rhythm(_hour()))
BY_INSTANT = prepared(_rhythm(_s.timezone, _s.completed_at))
