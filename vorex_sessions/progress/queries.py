"""The statements of this capability, built once. Columns of tallies are in the order of `Tally`."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa

from vorex_sessions.database import prepared
from vorex_sessions.hooks.learner_days import DAY_STARTS_AT, WEEK_STARTS_ON
from vorex_sessions.models import NEWEST_FIRST, USER_ID, session_results
from vorex_sessions.periods import FIRST_DAY, ONE_DAY, bounds, earliest_instant
from vorex_sessions.progress.windows import Window

_s = session_results.c
_learner = _s.user_id == USER_ID
_since = _s.completed_at >= sa.bindparam("since")
_wanted_type = sa.cast(sa.bindparam("session_type"), sa.Text)
_wanted_language = sa.cast(sa.bindparam("language"), sa.Text)
_of_type = sa.or_(_wanted_type.is_(None), _s.session_type == _wanted_type)
_of_language = sa.or_(_wanted_language.is_(None), _s.language == _wanted_language)
_wanted = sa.and_(_of_type, _of_language)
_SCORES = (_s.pronunciation_score, _s.fluency_score, _s.grammar_score)

_zone = sa.select(_s.timezone).where(_learner).order_by(*NEWEST_FIRST).limit(1)
# What makes the learner's calendar: the zone of the latest session, the start of a day and of a week. The
# last is looked up only where calendar weeks are asked for.
_day = (_zone.scalar_subquery().label("zone_name"), DAY_STARTS_AT.label("day_starts_at"))
CALENDAR = (*_day, sa.cast(sa.null(), sa.Text).label("week_starts_on"))
_CALENDAR_WITH_WEEK = (*_day, WEEK_STARTS_ON.label("week_starts_on"))


def _sessions(
    calendar: Any, *conditions: sa.ColumnElement[bool], named_since: str
) -> sa.Select[Any]:
    """Each session that meets the conditions, with what makes the learner's calendar.

    Its instant only from `:edge_from` to `:edge_to`, where the time of day may decide; its names since the
    day of the parameter `named_since`. One row without a day: there is no such session.
    """
    head = sa.select(*calendar).subquery()
    is_named = _s.practiced_on >= _date(named_since)
    return sa.select(
        *head.c,
        sa.case((is_named, _s.topics)).label("topics"),
        sa.case((is_named, _s.areas_to_improve)).label("areas_to_improve"),
        _s.practiced_on,
        _instant(_s).label("completed_at"),
        _s.session_type,
        _s.duration_seconds,
        _s.words_spoken,
        *_SCORES,
    ).select_from(head.outerjoin(session_results, sa.and_(_learner, _wanted, *conditions)))


def _near_edge(columns: Any) -> sa.ColumnElement[bool]:
    between: sa.ColumnElement[bool] = columns.practiced_on.between(
        sa.bindparam("edge_from"), sa.bindparam("edge_to")
    )
    return between


def _instant(columns: Any) -> sa.ColumnElement[Any]:
    return sa.case((_near_edge(columns), columns.completed_at))


def of_period(*columns: Any) -> sa.Select[Any]:
    """Columns of the learner's sessions since `:since`, of a type and a language where these are given."""
    return sa.select(*columns).where(_learner, _since, _wanted)


def day_groups(*conditions: sa.ColumnElement[bool], by_start: bool = False) -> list[sa.Select[Any]]:
    """Tallies by day and type, and counts of names by spelling, of the sessions that meet the conditions.

    From `:edge_from` to `:edge_to` the time zone and the time of day decide what counts. There, tallies are
    grouped by instant as well. Names since `:edge_from` are counted, by day up to `:edge_to`; `by_start`:
    since `:first_start`, those before and since `:last_start` apart.
    """
    matching = (
        sa.select(
            *(_s.practiced_on, _s.completed_at, _s.session_type, _s.duration_seconds),
            *(_s.words_spoken, *_SCORES, _s.topics, _s.areas_to_improve),
        )
        .where(_learner, *conditions)
        .cte("matching")
        .prefix_with("MATERIALIZED", dialect="postgresql")
    )
    near_start, instant = _near_edge(matching.c), _instant(matching.c)
    groups = sa.select(
        sa.literal_column("'figures'").label("kind"),
        _NO_TEXT.label("name"),
        matching.c.practiced_on,
        instant.label("completed_at"),
        matching.c.session_type,
        *sums(matching.c),
    ).group_by(matching.c.practiced_on, instant, matching.c.session_type)
    since, day = _date("edge_from"), sa.case((near_start, matching.c.practiced_on))
    if by_start:
        since, last = _date("first_start"), _date("last_start")
        day = sa.case((matching.c.practiced_on >= last, last), else_=since)
    named = matching.c.practiced_on >= since
    return [
        groups,
        _names("topic", matching.c.topics, day, named),
        _names("area", matching.c.areas_to_improve, day, named),
    ]


def text_row(kind: str, text: Any) -> tuple[Any, ...]:
    """A row with a text, in the columns of a tally."""
    return _name_row(kind, text, _NO_DAY, sa.null())


def _calendar_row() -> sa.Select[Any]:
    """A row with what makes the learner's calendar, in the columns of a tally."""
    zone_name, day_starts_at, week_starts_on = CALENDAR
    kind, _, day, instant, _, _, *nulls = text_row("calendar", zone_name)
    return sa.select(kind, zone_name, day, instant, week_starts_on, day_starts_at, *nulls)


def sums(columns: Any) -> list[sa.ColumnElement[Any]]:
    """The sums of sessions, in the order of `Tally`."""
    added: list[sa.ColumnElement[Any]] = [
        sa.func.count().label("sessions"),
        sa.func.sum(columns.duration_seconds).label("duration"),
        sa.func.sum(columns.words_spoken).label("words"),
    ]
    for score in _SCORES:
        added.append(sa.func.sum(columns[score.name]).label(f"{score.name}_sum"))
        added.append(sa.func.count(columns[score.name]).label(f"{score.name}_count"))
    return added


def _date(name: str) -> sa.ColumnElement[date]:
    return sa.cast(sa.bindparam(name), sa.Date)


def _names(
    kind: str, column: sa.ColumnElement[Any], day: Any, named: sa.ColumnElement[bool]
) -> sa.Select[Any]:
    """How many sessions have each spelling. Equal lists are counted first: there are far fewer of them."""
    lists = (
        sa.select(column.label("names"), day.label("day"), sa.func.count().label("sessions"))
        .where(named)
        .group_by(column, day)
        .subquery()
    )
    name = sa.func.unnest(lists.c.names).table_valued("name").render_derived()
    count = sa.cast(sa.func.sum(lists.c.sessions), sa.BigInteger)  # a sum of bigint is numeric
    return (
        sa.select(*_name_row(kind, name.c.name, lists.c.day, count))
        .select_from(lists.join(name, sa.true()))
        .group_by(name.c.name, lists.c.day)
    )


def _name_row(kind: str, name: Any, day: Any, count: Any) -> tuple[Any, ...]:
    """A row with a name and its count, in the columns of a tally."""
    nulls = [sa.null() for _ in range(8)]
    return (sa.literal_column(f"'{kind}'"), name, day, _NO_INSTANT, _NO_TEXT, count, *nulls)


_NO_TEXT = sa.cast(sa.null(), sa.Text)
_NO_DAY = sa.cast(sa.null(), sa.Date)
_NO_INSTANT = sa.cast(sa.null(), _s.completed_at.type)


def _by_day(*conditions: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """Each day with sessions that meet the conditions as a tally, with what makes the learner's calendar."""
    head = sa.select(*CALENDAR).subquery()
    joined = head.outerjoin(session_results, sa.and_(_learner, _of_language, *conditions))
    return (
        sa.select(
            *head.c,
            _s.practiced_on,
            _NO_INSTANT.label("completed_at"),
            _NO_TEXT.label("session_type"),
            *sums(_s),
        )
        .select_from(joined)
        .group_by(*head.c, _s.practiced_on)
    )


def range_days(windows: Sequence[Window]) -> dict[str, Any]:
    """The parameters of the statements for ranges, whichever of the windows is the learner's."""
    starts = [window.start for window in windows]
    first = min(window.earlier.start if window.earlier else window.start for window in windows)
    last = max(date.max if window.open_end else window.end for window in windows)
    cut_days = [one.earlier.end for one in windows if one.earlier and one.earlier.cut]
    return {
        **bounds(first, last),
        "edge_from": min(cut_days, default=FIRST_DAY),
        "edge_to": max(cut_days, default=FIRST_DAY),
        "first_start": min(starts),
        "last_start": max(starts),
    }


def boundary_days(first: date, start: date) -> dict[str, Any]:
    """The parameters of SESSIONS_QUERY and DAY_GROUPS: since `first`, of a period that begins on `start`."""
    return {
        "since": earliest_instant(first),
        "edge_from": start - 2 * ONE_DAY,
        "edge_to": start + ONE_DAY,
    }


EVER = boundary_days(FIRST_DAY, FIRST_DAY)
SESSIONS_QUERY = prepared(_sessions(CALENDAR, _since, named_since="edge_from"))
BY_DAY = prepared(_by_day(_since))
CALENDAR_ROW = _calendar_row()
DAY_GROUPS = prepared(sa.union_all(*day_groups(_since, _wanted), CALENDAR_ROW))
# The same for the days from `:first_day` to `:last_day`; the range on completed_at only helps the index.
BETWEEN = sa.and_(
    _since,
    _s.completed_at < sa.bindparam("until"),
    _s.practiced_on.between(sa.bindparam("first_day"), sa.bindparam("last_day")),
)
RANGE_SESSIONS = prepared(_sessions(_CALENDAR_WITH_WEEK, BETWEEN, named_since="first_start"))
RANGE_BY_DAY = prepared(_by_day(BETWEEN))
RANGE_GROUPS = prepared(sa.union_all(*day_groups(BETWEEN, _wanted, by_start=True), CALENDAR_ROW))
