"""A reference for the statistics: plain arithmetic over all sessions, without SQL or shared code."""

import unicodedata
from collections import Counter
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

LENGTHS = {"day": 1, "week": 7, "month": 30, "year": 365}


def local(instant: datetime, zone: str) -> datetime:
    if zone.startswith("UTC") and zone != "UTC":
        sign = 1 if zone[3] == "+" else -1
        shift = sign * timedelta(hours=int(zone[4:6]), minutes=int(zone[7:9]))
        return instant.astimezone(ZoneInfo("UTC")) + shift
    return instant.astimezone(ZoneInfo(zone))


def expected(
    sessions: list[dict[str, Any]],
    period: str,
    zone: str | None,
    kind: str | None,
    language: str | None,
    now: datetime,
) -> dict[str, Any]:
    """Return the statistics of sessions as sent, each with an aware completed_at and a timezone."""
    if zone is None:
        zone = max(sessions, key=lambda s: s["completed_at"])["timezone"] if sessions else "UTC"
    today = local(now, zone).date()
    dated = [
        (local(s["completed_at"], s["timezone"]).date(), s)
        for s in sessions
        if kind in (None, s["session_type"]) and language in (None, s["language"])
    ]
    if period == "all":
        start = min((day for day, _ in dated), default=None)
        return {**_period(dated, start, today), "period": period, "previous": None}
    start = today - timedelta(days=LENGTHS[period] - 1)
    first, last = start - timedelta(days=LENGTHS[period]), start - timedelta(days=1)
    clock = local(now, zone).replace(tzinfo=None)
    cut = datetime.combine(last, clock.time())
    before = [
        (day, s)
        for day, s in dated
        if first <= day < last
        or (day == last and local(s["completed_at"], zone).replace(tzinfo=None) <= cut)
    ]
    current = [(day, s) for day, s in dated if day >= start]
    previous = {"period_start": first, "period_end": last, **_totals([s for _, s in before])}
    return {**_period(current, start, today), "period": period, "previous": previous}


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
