"""What was practised on each of the last days, or of the days between two dates."""

from datetime import date, datetime
from typing import Any

from vorex_sessions.periods import ONE_DAY
from vorex_sessions.progress.days import days_between, last_days
from vorex_sessions.progress.figures import SKILLS, Sums, minutes

MOST_DAYS = 366


def daily_breakdown(
    learner_id: str,
    *,
    days: int = 7,
    date_from: date | None = None,
    date_to: date | None = None,
    zone_name: str | None = None,
    language: str | None = None,
    now: datetime,
) -> dict[str, Any]:
    """The last `days` calendar days or those between two dates, newest first, with those without practice.

    Before the last days come later ones on which a traveller has practised.
    """
    if date_from and date_to:
        tallies = days_between(learner_id, date_from, date_to, language=language)
        shown = _back_from(date_to, (date_to - date_from).days + 1)
    else:
        today, tallies = last_days(
            learner_id, days, zone_name=zone_name, language=language, now=now
        )
        later = {tally.practiced_on for tally in tallies if tally.practiced_on > today}
        shown = [*sorted(later, reverse=True), *_back_from(today, days)]
    by_day = {tally.practiced_on: Sums([tally]) for tally in tallies}
    seconds = sum(sums.duration for sums in by_day.values())
    return {
        "days": [{"date": day, **_figures(by_day.get(day) or Sums())} for day in shown],
        "totals": {
            "sessions": sum(sums.sessions for sums in by_day.values()),
            "seconds": seconds,
            "minutes": minutes(seconds),
            "words_spoken": sum(sums.words for sums in by_day.values()),
        },
    }


def _back_from(day: date, count: int) -> list[date]:
    return [day - age * ONE_DAY for age in range(count)]


def _figures(sums: Sums) -> dict[str, Any]:
    return {
        "sessions": sums.sessions,
        "seconds": sums.duration,
        "minutes": minutes(sums.duration),
        "words_spoken": sums.words,
        **skill_means(sums),
    }


def skill_means(sums: Sums) -> dict[str, float | None]:
    """The mean of each score, as a day or another part of the time shows it."""
    return dict(zip((f"{skill}_avg" for skill in SKILLS), sums.means(), strict=True))
