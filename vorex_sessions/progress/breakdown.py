"""What was practised on each of the last days."""

from datetime import datetime
from typing import Any

from vorex_sessions.periods import ONE_DAY
from vorex_sessions.progress.days import last_days
from vorex_sessions.progress.figures import SKILLS, Sums


def daily_breakdown(
    learner_id: str,
    *,
    days: int,
    zone_name: str | None = None,
    language: str | None = None,
    now: datetime,
) -> dict[str, Any]:
    """The last `days` calendar days, newest first, those without practice included."""
    today, tallies = last_days(learner_id, days, zone_name=zone_name, language=language, now=now)
    by_day = {tally.practiced_on: Sums([tally]) for tally in tallies}
    shown = [today - age * ONE_DAY for age in range(days)]
    return {
        "days": [{"date": day, **_figures(by_day.get(day) or Sums())} for day in shown],
        "totals": {
            "sessions": sum(sums.sessions for sums in by_day.values()),
            "minutes": _minutes(sum(sums.duration for sums in by_day.values())),
            "words_spoken": sum(sums.words for sums in by_day.values()),
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
