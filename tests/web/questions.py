"""Every question that a learner can ask, and the apps that ask them."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import orjson
from flask import Flask

from vorex_sessions.progress.windows import CALENDAR_PERIODS

_ZONES = ("America/New_York", "Australia%2FLord_Howe", "UTC-12:00")
_PERIODS = ("day", "week", "month", "year", "all", *CALENDAR_PERIODS)
# The questions by endpoint: with each parameter on which days or moments depend. {…} are filled in.
QUESTIONS: Mapping[str, tuple[str, ...]] = {
    "/api/sessions/achievements": ("",),
    "/api/sessions/changes": ("", "?limit=1", "?since={since}"),
    "/api/sessions/charts/heatmap.svg": (
        *("", "?language=de", "?year=2026&theme=dark", "?year=2025&width=320"),
        f"?timezone={_ZONES[0]}&locale=ar",
    ),
    "/api/sessions/charts/rhythm.svg": ("", "?period=all&locale=de", f"?timezone={_ZONES[1]}"),
    "/api/sessions/charts/skills.svg": ("", "?language=de"),
    "/api/sessions/charts/streak.svg": ("", "?language=de", f"?timezone={_ZONES[0]}"),
    "/api/sessions/charts/trend.svg": ("", "?period=year&language=de", "?score=fluency"),
    "/api/sessions/charts/vocabulary.svg": ("", f"?language=de&timezone={_ZONES[2]}"),
    "/api/sessions/comparison": ("", "?period=month", "?language=de&level=B1"),
    "/api/sessions/daily-breakdown": (
        *("", "?language=de", f"?timezone={_ZONES[0]}"),
        "?date_from={before}&date_to={today}",
    ),
    "/api/sessions/export": (
        "",
        "?format=csv",
        "?format=ndjson",
        "?format=xapi",
        "?date_from={before}",
    ),
    "/api/sessions/history": ("", "?limit=2", "?language=de", "?date_from={before}&limit=3"),
    "/api/sessions/insights": ("", "?period=month&locale=de", "?language=de&locale=fr-CA"),
    "/api/sessions/languages": ("", f"?timezone={_ZONES[2]}"),
    "/api/sessions/live": ("",),
    "/api/sessions/overview": (
        "?include=stats,streak,warmup,history,languages",
        f"?include=stats,trends&stats.period=month&stats.timezone={_ZONES[0]}",
        "?include=comparison,preferences",
        "?include=insights,streak&insights.locale=es",
    ),
    "/api/sessions/preferences": ("",),
    "/api/sessions/rhythm": ("", "?period=all", f"?period=month&timezone={_ZONES[1]}"),
    "/api/sessions/share-cards": ("",),
    "/api/sessions/skills": ("", "?language=de"),
    "/api/sessions/stats": (
        *(f"?period={period}" for period in _PERIODS),
        *(f"?period={period}&timezone={_ZONES[1]}" for period in ("day", "week", "this_month")),
        *("?language=de", "?session_type=roleplay&period=month"),
        *("?date_from={before}&date_to={today}", "?date_from={today}&date_to={after}"),
    ),
    "/api/sessions/streak": ("", "?language=de", f"?timezone={_ZONES[0]}", "?goal_minutes=7"),
    "/api/sessions/trends": ("", "?period=month", "?period=year&language=de"),
    "/api/sessions/vocabulary": ("", "?status=due", f"?status=known&timezone={_ZONES[2]}"),
    "/api/sessions/warmup": ("", "?language=de", f"?timezone={_ZONES[0]}"),
    "/api/sessions/{id}": ("",),
}
# What answers say of the moment at which they are made.
_MOMENTS = ("exported_at", "generated_at")


def all_questions(**filled_in: str) -> list[str]:
    """The addresses of all questions."""
    return [
        (path + query).format(**filled_in)
        for path, queries in QUESTIONS.items()
        for query in queries
    ]


def days_around(today: str) -> dict[str, str]:
    """The days that are filled in."""
    day = date.fromisoformat(today)
    return {
        "before": f"{day - timedelta(days=40)}",
        "today": today,
        "after": f"{day + timedelta(days=9)}",
    }


def learners_endpoints(app: Flask) -> set[str]:
    """The paths of all that a learner can get, as QUESTIONS has them."""
    rules = [
        rule.rule.replace("<uuid:session_result_id>", "{id}")
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and not rule.websocket
    ]
    return {rule for rule in rules if rule.startswith("/api/sessions")}


def said(body: bytes, content_type: str | None) -> Any:
    """What an answer says, byte for byte, apart from the moment at which it was made."""
    if content_type != "application/json" or not any(name.encode() in body for name in _MOMENTS):
        return body
    answer = orjson.loads(body)
    parts = [part for part in answer.values() if isinstance(part, dict)]  # of an overview
    for part in (answer, *parts):
        for name in _MOMENTS:
            part.pop(name, None)
    return orjson.dumps(answer)
