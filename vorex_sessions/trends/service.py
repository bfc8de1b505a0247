"""The trends of a learner's scores."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from vorex_sessions.periods import DAYS, ONE_DAY
from vorex_sessions.progress.days import days_between, last_days
from vorex_sessions.progress.figures import SKILLS, Tally
from vorex_sessions.progress.windows import RANGE
from vorex_sessions.trends.slopes import Days, Trend, trends

PERIODS = ("month", "year")
MOST_DAYS = 366  # of a range: the slopes between any two days grow with its square


def show_trends(
    learner_id: str,
    *,
    period: str = "month",
    date_from: date | None = None,
    date_to: date | None = None,
    zone_name: str | None = None,
    language: str | None = None,
    now: datetime,
) -> dict[str, Any]:
    """The trend of each score over the last 30 or 365 days or between two dates, from daily means.

    A traveller's later days count with the last days, as in the statistics.
    """
    if date_from and date_to:
        period, start, end = RANGE, date_from, date_to
        tallies = days_between(learner_id, start, end, language=language)
    else:
        end, tallies = last_days(
            learner_id, DAYS[period], zone_name=zone_name, language=language, now=now
        )
        start = end + ONE_DAY - timedelta(days=DAYS[period])
    scores = _daily_means(tallies)
    by_skill = trends(scores)
    return {
        "period": period,
        "period_start": start,
        "period_end": end,
        "trends": {skill: _shown(scores[skill], by_skill.get(skill)) for skill in SKILLS},
    }


def _daily_means(tallies: Sequence[Tally]) -> dict[str, Days]:
    """For each score the days on which it was measured, with their means."""
    means: dict[str, list[tuple[date, float]]] = {skill: [] for skill in SKILLS}
    for tally in tallies:
        for skill, (total, count) in zip(SKILLS, tally.scores(), strict=True):
            if total is not None and count:
                # Rounded, so that the order of summation has no effect.
                means[skill].append((tally.practiced_on, round(total / count, 9)))
    return dict(means)


def _shown(days: Days, trend: Trend | None) -> dict[str, Any]:
    interval = trend and {
        "low": _weekly(trend.low),
        "high": _weekly(trend.high),
        "confidence": round(trend.confidence, 4),
    }
    return {
        "verdict": trend.verdict if trend else "unclear",
        "slope_per_week": _weekly(trend.slope) if trend else None,
        "interval": interval,
        "change": round(trend.change, 1) if trend else None,
        "days": len(days),
        "first_day": days[0][0] if days else None,
        "last_day": days[-1][0] if days else None,
    }


def _weekly(slope: float) -> float:
    return round(7 * slope, 4)
