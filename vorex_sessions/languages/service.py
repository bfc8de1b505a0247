"""The languages of a learner's sessions, from the sessions themselves."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from vorex_sessions.database import prepared, run
from vorex_sessions.flask_config import setting
from vorex_sessions.growth import streaks
from vorex_sessions.hooks.freshness import right_until
from vorex_sessions.models import NEWEST_FIRST, USER_ID, session_results
from vorex_sessions.periods import end_of_today
from vorex_sessions.preferences.history import History, from_json
from vorex_sessions.preferences.store import HISTORY
from vorex_sessions.progress.figures import minutes

_s = session_results.c
_learner = _s.user_id == USER_ID
# The day before the first of the year 1, from which Python counts.
_DAY_ZERO: sa.ColumnElement[date] = sa.literal_column("DATE '0001-12-31 BC'")


def _languages() -> sa.Select[Any]:
    """Each language, that of the latest session first; `days` are the ordinals of those that count."""
    latest = sa.select(_s.timezone, _s.language).where(_learner).order_by(*NEWEST_FIRST).limit(1)
    last = latest.subquery("last")
    day = (
        sa.select(
            _s.language,
            _s.practiced_on,
            sa.func.count().label("sessions"),
            sa.func.sum(_s.duration_seconds).label("seconds"),
            sa.func.max(_s.completed_at).label("latest_at"),
        )
        .where(_learner)
        .group_by(_s.language, _s.practiced_on)
        .subquery("day")
        .c
    )
    counts = day.seconds >= sa.bindparam("shortest_day", type_=sa.Integer)
    ordinal = day.practiced_on - _DAY_ZERO
    return (
        sa.select(
            day.language,
            sa.cast(sa.func.sum(day.sessions), sa.BigInteger).label("sessions"),
            sa.cast(sa.func.sum(day.seconds), sa.BigInteger).label("seconds"),
            sa.func.max(day.practiced_on).label("last_day"),
            sa.func.array_agg(ordinal).filter(counts).label("days"),
            last.c.timezone,
            HISTORY.label("history"),
        )
        .select_from(last, day.language.table)
        .group_by(day.language, last.c.timezone, last.c.language)
        .order_by(
            (day.language == last.c.language).desc(),
            sa.func.max(day.latest_at).desc(),
            day.language.collate("C"),
        )
    )


_LANGUAGES = prepared(_languages())


def list_languages(
    learner_id: str, *, zone_name: str | None = None, now: datetime
) -> dict[str, Any]:
    """The learner's languages with sessions, time and streak, that of the latest session first."""
    parameters = {"user_id": learner_id, "shortest_day": setting("STREAK_MIN_SECONDS")}
    rows = run(_LANGUAGES, parameters)
    if not rows:
        return {"languages": []}
    history, zone_name = from_json(rows[0].history), zone_name or rows[0].timezone
    right_until(end_of_today(now, zone_name, history.latest.day_starts_at))
    return {
        "languages": [
            {
                "language": row.language,
                "sessions": row.sessions,
                "minutes": minutes(row.seconds),
                "last_practiced_on": row.last_day,
                "current_streak": _current_streak(row, history, zone_name, now),
            }
            for row in rows
        ]
    }


def _current_streak(row: Any, history: History, zone_name: str, now: datetime) -> int:
    state = streaks.of_days(row.days or (), history)
    current: int = streaks.streak(state, zone_name=zone_name, now=now, history=history)["current"]
    return current
