"""Answers: how is my streak, and what have I reached."""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from vorex_sessions.extensions import setting
from vorex_sessions.growth import streaks
from vorex_sessions.growth.catalogue import CATALOGUE
from vorex_sessions.growth.keeping import TOTALS, asked_with_totals
from vorex_sessions.growth.standing import from_columns
from vorex_sessions.growth.unlocking import shown
from vorex_sessions.periods import ONE_DAY, day_of, earliest_instant
from vorex_sessions.plans import planned_once

_DAYS = planned_once(
    sa.text(f"""
SELECT found.totals, days.practiced_on, days.seconds
FROM (SELECT ({TOTALS}) AS totals) AS found
LEFT JOIN (
    SELECT practiced_on, sum(duration_seconds) AS seconds FROM session_results
    WHERE user_id = CAST(:user_id AS uuid) AND completed_at >= :since
    GROUP BY practiced_on) AS days ON true
""")  # noqa: S608  # our own text
)
_UNLOCKED = planned_once(
    sa.text(f"""
SELECT found.totals, unlocked.achievement, unlocked.unlocked_at, unlocked.session_result_id
FROM (SELECT ({TOTALS}) AS totals) AS found
LEFT JOIN learner_achievements AS unlocked ON unlocked.user_id = CAST(:user_id AS uuid)
""")  # noqa: S608  # our own text
)


def show_streak(
    learner_id: str, *, zone_name: str | None = None, goal_minutes: int, now: datetime
) -> dict[str, Any]:
    """The streak, today's minutes beside the goal, and the last 28 days."""
    first = now.astimezone(UTC).date() - (streaks.CALENDAR_DAYS + 1) * ONE_DAY
    rows = asked_with_totals(_DAYS, {"user_id": learner_id, "since": earliest_instant(first)})
    standing = from_columns(rows[0].totals)
    seconds = {row.practiced_on: row.seconds for row in rows if row.practiced_on}
    zone_name = zone_name or standing.timezone or "UTC"
    today = day_of(now, zone_name)
    return {
        **streaks.streak(standing, zone_name=zone_name, now=now),
        "minutes_today": round(seconds.get(today, 0) / 60, 1),
        "goal_minutes": goal_minutes,
        "calendar": streaks.calendar(
            standing, seconds, today=today, shortest_day=setting("STREAK_MIN_SECONDS")
        ),
    }


def list_achievements(learner_id: str) -> dict[str, Any]:
    """The whole catalogue, with how far the learner is."""
    rows = asked_with_totals(_UNLOCKED, {"user_id": learner_id})
    standing = from_columns(rows[0].totals)
    unlocks = {row.achievement: row._asdict() for row in rows}
    achievements = [shown(one, standing, unlocks.get(one.key)) for one in CATALOGUE]
    return {
        "achievements": achievements,
        "unlocked": sum(1 for one in achievements if one["unlocked_at"]),
        "total": len(achievements),
    }
