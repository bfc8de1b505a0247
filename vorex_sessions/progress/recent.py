"""The latest session and the recent ones, for the warm-up; built once."""

from typing import Any

import sqlalchemy as sa

from vorex_sessions.models import NEWEST_FIRST, USER_ID, session_results

_s = session_results.c
_learner = _s.user_id == USER_ID
_wanted_language = sa.cast(sa.bindparam("language"), sa.Text)

# The learner's latest session.
LATEST = (
    sa.select(_s.timezone, _s.language, _s.completed_at)
    .where(_learner)
    .order_by(*NEWEST_FIRST)
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
    .order_by(*NEWEST_FIRST)
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
    .order_by(*NEWEST_FIRST)
)
