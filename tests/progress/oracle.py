"""A reference for the statistics: plain arithmetic over all sessions, without SQL or shared code."""

import unicodedata
from collections import Counter
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

LENGTHS = {"day": 1, "week": 7, "month": 30, "year": 365}
WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
DAY = timedelta(days=1)


def local(instant: datetime, zone: str) -> datetime:
    if zone.startswith("UTC") and zone != "UTC":
        sign = 1 if zone[3] == "+" else -1
        shift = sign * timedelta(hours=int(zone[4:6]), minutes=int(zone[7:9]))
        return instant.astimezone(ZoneInfo("UTC")) + shift
    return instant.astimezone(ZoneInfo(zone))


def belongs(unit: str, day: date, other: date, week_starts_on: str) -> bool:
    """Whether two days are of the same calendar week, month or year."""
    if unit == "week":
        first = WEEKDAYS.index(week_starts_on)
        return (day.toordinal() - 1 - first) // 7 == (other.toordinal() - 1 - first) // 7
    return day.year == other.year and (unit == "year" or day.month == other.month)


def unit_with(unit: str, day: date, week_starts_on: str) -> list[date]:
    """Return all days of the week, month or year that a day belongs to, by looking at each around it."""
    around = [day + age * DAY for age in range(-366, 367)]
    return [other for other in around if belongs(unit, day, other, week_starts_on)]


def spans(
    period: str, dates: tuple[date, date] | None, today: date, week_starts_on: str
) -> tuple[list[date], list[date] | None, bool]:
    """Return the days of a period, those it is compared with, and whether it is unfinished.

    Those of an unfinished period end with the day that is compared with today.
    """
    if dates:
        days = [dates[0] + age * DAY for age in range((dates[1] - dates[0]).days + 1)]
        before = [day - len(days) * DAY for day in days]
        if today < days[0]:
            return days, None, False
        if today > days[-1]:
            return days, before, False
        return days, before[: days.index(today) + 1], True
    if period in LENGTHS:
        days = [today - age * DAY for age in reversed(range(LENGTHS[period]))]
        return days, [day - len(days) * DAY for day in days], True
    which, unit = period.split("_")
    this = unit_with(unit, today, week_starts_on)
    last = unit_with(unit, this[0] - DAY, week_starts_on)
    if which == "last":
        return last, unit_with(unit, last[0] - DAY, week_starts_on), False
    reached = this.index(today)
    if unit == "week":
        before = last[: reached + 1]
    elif unit == "month":
        before = [day for day in last if day.day <= today.day]
    else:
        before = [day for day in last if (day.month, day.day) <= (today.month, today.day)]
    return this[: reached + 1], before, unit == "week" or before[-1].day == today.day


def expected(
    sessions: list[dict[str, Any]],
    period: str,
    zone: str | None,
    kind: str | None,
    language: str | None,
    now: datetime,
    *,
    dates: tuple[date, date] | None = None,
    week_starts_on: str = "monday",
    day_starts_at: int = 0,
) -> dict[str, Any]:
    """Return the statistics of sessions as sent, each with an aware completed_at and a timezone."""

    def shown(instant: datetime, where: str) -> datetime:
        """Return the time on a clock that shows 0:00 when a day starts."""
        return local(instant, where).replace(tzinfo=None) - timedelta(hours=day_starts_at)

    if zone is None:
        zone = max(sessions, key=lambda s: s["completed_at"])["timezone"] if sessions else "UTC"
    today = shown(now, zone).date()
    dated = [
        (shown(s["completed_at"], s["timezone"]).date(), s)
        for s in sessions
        if kind in (None, s["session_type"]) and language in (None, s["language"])
    ]
    if period == "all":
        start = min((day for day, _ in dated), default=None)
        return {**_period(dated, start, today), "period": period, "previous": None}
    days, before, unfinished = spans(period, dates, today, week_starts_on)
    open_end = days[-1] == today and not dates
    current = [(day, s) for day, s in dated if days[0] <= day and (open_end or day <= days[-1])]
    answer = _period(current, days[0], days[-1])
    if before is None:
        return {**answer, "period": period, "previous": None}
    cut = datetime.combine(before[-1], shown(now, zone).time())
    counted = [
        s
        for day, s in dated
        if day in before
        and not (unfinished and day == before[-1] and shown(s["completed_at"], zone) > cut)
    ]
    previous = {"period_start": before[0], "period_end": before[-1], **_totals(counted)}
    return {**answer, "period": period, "previous": previous}


def _period(dated: list[tuple[date, dict]], start: date | None, end: date) -> dict[str, Any]:
    sessions = [s for _, s in dated]
    return {
        "period_start": start,
        "period_end": end,
        **_totals(sessions),
        "sessions_by_type": {
            kind: {"count": len(of), "avg_duration": round(Fraction(sum(of), len(of)))}
            for kind in ("conversation", "pronunciation", "roleplay")
            if (of := [s["duration_seconds"] for s in sessions if s["session_type"] == kind])
        },
        "improvement_trends": [
            {
                "date": day,
                **{
                    skill: mean([s for on, s in dated if on == day], skill)
                    for skill in ("pronunciation", "fluency", "grammar")
                },
            }
            for day in sorted({day for day, _ in dated})
        ],
        "common_topics": _names(sessions, "topics", "topic"),
        "areas_to_improve": _names(sessions, "areas_to_improve", "area"),
    }


def mean(sessions: list[dict], skill: str) -> float | None:
    """Return the exact mean of the decimals sent; only a tie of the last digit may round either way."""
    scores = [
        Fraction(repr(s[f"{skill}_score"])) for s in sessions if s[f"{skill}_score"] is not None
    ]
    return round(float(sum(scores) / len(scores)), 1) if scores else None


def _totals(sessions: list[dict]) -> dict[str, Any]:
    skills = ("pronunciation", "fluency", "grammar")
    return {
        "total_sessions": len(sessions),
        "total_duration": sum(s["duration_seconds"] for s in sessions),
        "total_words_spoken": sum(s["words_spoken"] for s in sessions),
        **{f"avg_{skill}": mean(sessions, skill) or 0.0 for skill in skills},
        "scored_sessions": {
            skill: sum(s[f"{skill}_score"] is not None for s in sessions) for skill in skills
        },
    }


def fold(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _names(sessions: list[dict], field: str, name: str) -> list[dict[str, Any]]:
    spellings = Counter(text for s in sessions for text in s[field])
    merged = []
    for folded in {fold(spelling) for spelling in spellings}:
        same = {text: n for text, n in spellings.items() if fold(text) == folded}
        most = max(same.values())
        shown = min(text for text, n in same.items() if n == most)
        merged.append({name: shown, "count": sum(same.values())})
    return sorted(merged, key=lambda entry: (-entry["count"], entry[name]))[:10]
