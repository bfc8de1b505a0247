"""The statements of this capability, built once. Columns of tallies are in the order of `Tally`."""

from datetime import date
from typing import Any

import sqlalchemy as sa

from vorex_sessions.database import prepared
from vorex_sessions.models import USER_ID, session_results
from vorex_sessions.periods import ONE_DAY, earliest_instant
from vorex_sessions.progress.statistics import BEFORE_FIRST_DAY

_s = session_results.c
_learner = _s.user_id == USER_ID
_since = _s.completed_at >= sa.bindparam("since")
_wanted_type = sa.cast(sa.bindparam("session_type"), sa.Text)
_wanted_language = sa.cast(sa.bindparam("language"), sa.Text)
_of_type = sa.or_(_wanted_type.is_(None), _s.session_type == _wanted_type)
_of_language = sa.or_(_wanted_language.is_(None), _s.language == _wanted_language)
_newest_first = (_s.completed_at.desc(), _s.session_result_id.desc())
_SCORES = (_s.pronunciation_score, _s.fluency_score, _s.grammar_score)

_latest = (
    sa.select(_s.timezone.label("zone_name")).where(_learner).order_by(*_newest_first).limit(1)
)


def _sessions() -> sa.Select[Any]:
    """Each session since `:since` as a tally, with the zone of the learner's latest session.

    No row: the learner has no session. One row without a day: no session since then.
    """
    latest = _latest.subquery()
    measured = [
        column
        for score in _SCORES
        for column in (score, sa.cast(score.is_not(None), sa.Integer).label(f"{score.name}_count"))
    ]
    return sa.select(
        latest.c.zone_name,
        _s.topics,
        _s.areas_to_improve,
        _s.practiced_on,
        _s.completed_at,
        _s.session_type,
        sa.literal_column("1").label("sessions"),
        _s.duration_seconds,
        _s.words_spoken,
        *measured,
    ).select_from(
        latest.outerjoin(session_results, sa.and_(_learner, _since, _of_type, _of_language))
    )


def day_groups(*conditions: sa.ColumnElement[bool]) -> list[sa.Select[Any]]:
    """Tallies by day and type, and counts of names by spelling, of the sessions that meet the conditions.

    Near the start of the period (`:edge_from` to `:edge_to`) the time zone and the time of day decide what
    counts. There, tallies are grouped by instant as well, and names by day.
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
    near_start = matching.c.practiced_on.between(sa.bindparam("edge_from"), sa.bindparam("edge_to"))
    instant = sa.case((near_start, matching.c.completed_at))
    groups = sa.select(
        sa.literal_column("'figures'").label("kind"),
        _NO_TEXT.label("name"),
        matching.c.practiced_on,
        instant.label("completed_at"),
        matching.c.session_type,
        *_sums(matching.c),
    ).group_by(matching.c.practiced_on, instant, matching.c.session_type)
    return [
        groups,
        _names(matching, "topic", matching.c.topics, near_start),
        _names(matching, "area", matching.c.areas_to_improve, near_start),
    ]


def text_row(kind: str, text: Any) -> tuple[Any, ...]:
    """A row with a text, in the columns of a tally."""
    return _name_row(kind, text, _NO_DAY, sa.null())


def _sums(columns: Any) -> list[sa.ColumnElement[Any]]:
    """The sums of sessions, in the order of `Tally`."""
    sums: list[sa.ColumnElement[Any]] = [
        sa.func.count().label("sessions"),
        sa.func.sum(columns.duration_seconds).label("duration"),
        sa.func.sum(columns.words_spoken).label("words"),
    ]
    for score in _SCORES:
        sums.append(sa.func.sum(columns[score.name]).label(f"{score.name}_sum"))
        sums.append(sa.func.count(columns[score.name]).label(f"{score.name}_count"))
    return sums


def _names(
    matching: sa.CTE, kind: str, column: sa.ColumnElement[Any], near_start: sa.ColumnElement[bool]
) -> sa.Select[Any]:
    """How many sessions have each spelling. Equal lists are counted first: there are far fewer of them."""
    day = sa.case((near_start, matching.c.practiced_on))
    lists = (
        sa.select(column.label("names"), day.label("day"), sa.func.count().label("sessions"))
        .where(matching.c.practiced_on >= sa.bindparam("edge_from"))
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


def _by_day() -> sa.Select[Any]:
    """Each day since `:since` as a tally, with the zone of the learner's latest session."""
    latest = _latest.subquery()
    joined = latest.outerjoin(session_results, sa.and_(_learner, _since, _of_language))
    return (
        sa.select(
            latest.c.zone_name,
            _s.practiced_on,
            _NO_INSTANT.label("completed_at"),
            _NO_TEXT.label("session_type"),
            *_sums(_s),
        )
        .select_from(joined)
        .group_by(latest.c.zone_name, _s.practiced_on)
    )


def boundary_days(first: date, start: date) -> dict[str, Any]:
    """The parameters of DAY_GROUPS for sessions since `first`, of a period that begins on `start`."""
    return {
        "since": earliest_instant(first),
        "edge_from": start - 2 * ONE_DAY,
        "edge_to": start + ONE_DAY,
    }


EVER = boundary_days(BEFORE_FIRST_DAY, BEFORE_FIRST_DAY)
SESSIONS_QUERY = prepared(_sessions())
BY_DAY = prepared(_by_day())
ZONE = sa.select(*text_row("zone", _latest.subquery().c.zone_name))
DAY_GROUPS = prepared(sa.union_all(*day_groups(_since, _of_type, _of_language), ZONE))

# The learner's latest session.
LATEST = (
    sa.select(_s.timezone, _s.language, _s.completed_at)
    .where(_learner)
    .order_by(*_newest_first)
    .limit(1)
    .cte("latest")
    .prefix_with("MATERIALIZED", dialect="postgresql")
)


def _of_latest(column: str) -> sa.ScalarSelect[Any]:
    return sa.select(LATEST.c[column]).scalar_subquery()


_of_one_language = _s.language == sa.func.coalesce(_wanted_language, _of_latest("language"))
# When the latest session in that language was. Only a language that is asked for needs a search.
_latest_at = sa.case(
    (_wanted_language.is_(None), _of_latest("completed_at")),
    else_=sa.select(_s.completed_at)
    .where(_learner, _s.language == _wanted_language)
    .order_by(*_newest_first)
    .limit(1)
    .scalar_subquery(),
)
# The learner's recent sessions in `:language`, or in that of the latest session: since `:since`, or of the
# week that ends with the latest of them.
RECENT_QUERY = (
    sa.select(
        _s.session_result_id,
        _s.session_type,
        _s.duration_seconds,
        _s.pronunciation_score,
        _s.fluency_score,
        _s.grammar_score,
        _s.areas_to_improve,
        _s.completed_at,
        _s.created_at,
        _s.practiced_on,
        _s.timezone,
        _s.vocabulary_learned,
        _s.language,
    )
    .where(
        _learner,
        _of_one_language,
        _s.completed_at
        >= sa.func.least(
            sa.bindparam("since", type_=_s.completed_at.type),
            _latest_at - sa.cast("9 days", sa.Interval),
        ),
    )
    .order_by(*_newest_first)
)
