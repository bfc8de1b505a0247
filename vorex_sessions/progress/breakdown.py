"""What was practised on each of the last days."""

from datetime import UTC, datetime, timedelta
from typing import Any

from vorex_sessions.extensions import ask
from vorex_sessions.periods import ONE_DAY, day_of, earliest_instant
from vorex_sessions.progress.figures import SKILLS, Sums, Tally
from vorex_sessions.progress.questions import BY_DAY


def daily_breakdown(
    learner_id: str, *, days: int, zone_name: str | None = None, now: datetime
) -> dict[str, Any]:
    """The last `days` calendar days, newest first, those without practice included."""
    first = now.astimezone(UTC).date() - timedelta(days=days)  # a day early: the zone may be behind
    rows = ask(BY_DAY, {"user_id": learner_id, "since": earliest_instant(first)})
    zone_name = zone_name or (rows[0].zone_name if rows else "UTC")
    today = day_of(now, zone_name)
    by_day = {row.practiced_on: Sums([Tally(*row[1:])]) for row in rows if row.practiced_on}
    shown = [today - age * ONE_DAY for age in range(days)]
    practised = [by_day[day] for day in shown if day in by_day]
    return {
        "days": [{"date": day, **_figures(by_day.get(day) or Sums())} for day in shown],
        "totals": {
            "sessions": sum(sums.sessions for sums in practised),
            "minutes": _minutes(sum(sums.duration for sums in practised)),
            "words_spoken": sum(sums.words for sums in practised),
        },
    }


def _figures(sums: Sums) -> dict[str, Any]:
    names = (f"{skill}_avg" for skill in SKILLS)
    return {
        "sessions": sums.sessions,
        "minutes": _minutes(sums.duration),
        "words_spoken": sums.words,
        **dict(zip(names, sums.means(), strict=True)),
    }


def _minutes(seconds: int) -> float:
    return round(seconds / 60, 1)
