"""The streak and the achievements of a learner."""

from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime
from typing import Any

import sqlalchemy as sa

from vorex_sessions.database import prepared
from vorex_sessions.flask_config import setting
from vorex_sessions.growth import streaks
from vorex_sessions.growth.catalogue import CATALOGUE
from vorex_sessions.growth.telling import (
    run_current_totals,
    totals_and_history,
    unlocked_beside_totals,
)
from vorex_sessions.growth.totals import from_columns
from vorex_sessions.growth.unlocking import shown
from vorex_sessions.hooks.freshness import today_of
from vorex_sessions.models import USER_ID, session_results
from vorex_sessions.periods import ONE_DAY, earliest_instant
from vorex_sessions.preferences.history import Preferences, from_json
from vorex_sessions.progress.figures import minutes

_UNLOCKED = prepared(unlocked_beside_totals())


def _days() -> sa.Select[Any]:
    """The seconds practised on each day since `:since`, with the totals; at least one row.

    In all languages where `:language` is null.
    """
    stored = session_results.c
    language = sa.cast(sa.bindparam("language"), sa.Text)
    is_wanted = sa.or_(language.is_(None), stored.language == language)
    days = (
        sa.select(stored.practiced_on, sa.func.sum(stored.duration_seconds).label("seconds"))
        .where(stored.user_id == USER_ID, stored.completed_at >= sa.bindparam("since"), is_wanted)
        .group_by(stored.practiced_on)
        .subquery("days")
    )
    totals = totals_and_history()
    joined = totals.outerjoin(days, sa.true())
    return sa.select(*totals.c, days.c.practiced_on, days.c.seconds).select_from(joined)


_DAYS = prepared(_days())
_EVER = datetime(1999, 1, 1, tzinfo=UTC)  # before the first session that can be stored


def show_streak(
    learner_id: str,
    *,
    zone_name: str | None = None,
    language: str | None = None,
    goal_minutes: int | None = None,
    now: datetime,
) -> dict[str, Any]:
    """The streak, today and this week with their goals, and the last 28 days.

    That of a language is counted from all days on which it was practised, as if there were no other language.
    """
    answer, _ = streak_with_days(
        learner_id, zone_name=zone_name, language=language, goal_minutes=goal_minutes, now=now
    )
    return answer


def streak_with_days(
    learner_id: str,
    *,
    zone_name: str | None = None,
    language: str | None = None,
    goal_minutes: int | None = None,
    now: datetime,
) -> tuple[dict[str, Any], Collection[date]]:
    """What `show_streak` answers, and the days with sessions: the minutes of some days are rounded to 0."""
    first = now.astimezone(UTC).date() - (streaks.CALENDAR_DAYS + 1) * ONE_DAY
    since = earliest_instant(first) if language is None else _EVER
    rows = run_current_totals(_DAYS, {"user_id": learner_id, "since": since, "language": language})
    totals, history = from_columns(rows[0].totals), from_json(rows[0].history)
    seconds = {row.practiced_on: row.seconds for row in rows if row.practiced_on}
    zone_name = zone_name or totals.timezone or "UTC"
    today = today_of(now, zone_name, history.latest.day_starts_at)
    shortest_day = setting("STREAK_MIN_SECONDS")
    counted = {day for day, total in seconds.items() if total >= shortest_day}
    state: streaks.Streak = totals
    if language is not None:
        state = streaks.of_days((day.toordinal() for day in counted), history)
    summary = streaks.streak(
        state, zone_name=zone_name, now=now, history=history, has_practised=today in counted
    )
    answer = {
        **summary,
        **_today(seconds.get(today, 0), goal_minutes or history.latest.daily_goal_minutes),
        "week": _week(seconds, counted, today, history.latest),
        "calendar": streaks.calendar(
            state, seconds, today=today, shortest_day=shortest_day, history=history
        ),
    }
    return answer, seconds.keys()


def _today(seconds: int, goal_minutes: int | None) -> dict[str, Any]:
    """Today's practice, and whether it reaches the goal: by seconds, not by the minutes that are shown."""
    return {
        "minutes_today": minutes(seconds),
        "seconds_today": seconds,
        "goal_minutes": goal_minutes,
        "goal_reached": goal_minutes is not None and seconds >= goal_minutes * 60,
    }


def _week(
    seconds: Mapping[date, int], counted: Collection[date], today: date, set_now: Preferences
) -> dict[str, Any]:
    """The learner's week up to today, and any later day that a traveller's session counts on."""
    start, goal_days = set_now.week_start(today), set_now.weekly_goal_days
    days = sum(1 for day in counted if day >= start)
    return {
        "starts_on": start,
        "days_practiced": days,
        "goal_days": goal_days,
        "goal_reached": goal_days is not None and days >= goal_days,
        "minutes": minutes(sum(total for day, total in seconds.items() if day >= start)),
    }


def list_achievements(learner_id: str) -> dict[str, Any]:
    """All achievements, with the learner's progress."""
    rows = run_current_totals(_UNLOCKED, {"user_id": learner_id})
    totals = from_columns(rows[0].totals)
    unlocks = {row.achievement: row._asdict() for row in rows}
    achievements = [shown(item, totals, unlocks.get(item.key)) for item in CATALOGUE]
    return {
        "achievements": achievements,
        "unlocked": sum(1 for item in achievements if item["unlocked_at"]),
        "total": len(achievements),
    }
