"""Answers of the services that are drawn, made up: full ones, a beginner's, and large ones."""

from collections.abc import Mapping
from datetime import date, timedelta
from random import Random
from typing import Any

from vorex_sessions.preferences.history import WEEKDAYS
from vorex_sessions.progress.figures import SKILLS
from vorex_sessions.skill_graph import GRAPHS
from vorex_sessions.trends import service as trends_service
from vorex_sessions.trends.slopes import trends

TODAY = date(2026, 11, 26)
SIZES = ("full", "empty", "large")


def heatmap(size: str = "full", days: int = 365) -> dict[str, Any]:
    random, rows = Random(1), []
    for age in range(days):
        is_on = size != "empty" and random.random() < 0.6
        minutes = round(random.uniform(0, 1400 if size == "large" else 45), 1) if is_on else 0.0
        row = {"date": TODAY - timedelta(days=age), "sessions": int(is_on), "minutes": minutes}
        rows.append(row)
    total = round(sum(row["minutes"] for row in rows), 1)
    answer = {"days": rows, "totals": {"minutes": total}}
    return {**answer, "today": TODAY, "week_starts_on": "monday"}


def trend(size: str = "full", days: int = 30, share: float = 0.7) -> dict[str, Any]:
    random, rows = Random(2), []
    for age in range(days):
        is_on = size != "empty" and random.random() < share
        means = [
            min(100.0, round(random.gauss(60 + place * 10 - age / 3, 4), 1)) for place in range(3)
        ]
        row = {"date": TODAY - timedelta(days=age)}
        rows.append(
            row
            | {
                f"{name}_avg": mean if is_on else None
                for name, mean in zip(SKILLS, means, strict=True)
            }
        )
    scores = {
        name: [
            (row["date"], row[f"{name}_avg"])
            for row in reversed(rows)
            if row[f"{name}_avg"] is not None
        ]
        for name in SKILLS
    }
    found = trends(scores)
    shown = {name: trends_service._shown(scores[name], found.get(name)) for name in SKILLS}
    period = {
        "period": "month" if days == 30 else "year",
        "period_start": rows[-1]["date"],
        "period_end": TODAY,
    }
    return {**period, "trends": shown, "days": rows, "today": TODAY}


def skills(size: str = "full") -> dict[str, Any]:
    random = Random(3)
    nodes = []
    for key, skill in GRAPHS["en"].skills.items():
        is_on = size != "empty" and random.random() < 0.5
        mastery = round(random.random(), 4) if is_on else None
        status = (
            ("mastered" if mastery and mastery >= 0.95 else "learning")
            if is_on
            else random.choice(("ready", "locked"))
        )
        node = {"skill": key, "name": skill.name, "domain": skill.domain, "level": skill.level}
        nodes.append({**node, "mastery": mastery, "evidence": int(is_on), "status": status})
    return {"language": "en", "nodes": nodes}


def streak(size: str = "full") -> dict[str, Any]:
    many = {"empty": 0, "full": 13, "large": 3650}[size]
    states = ("practiced", "frozen", "rest", "paused", "")
    days = [(TODAY - timedelta(days=age), states[age % 5] if many else "") for age in range(28)]
    calendar = [
        {
            "date": day,
            "minutes": 12.5 if state == "practiced" else 0.5 if day.day == 9 else 0.0,
            "has_sessions": state == "practiced" or day.day == 9,
            **{name: name == state for name in states[:4]},
        }
        for day, state in days
    ]
    answer = {"current": many, "longest": many * 2, "freezes": many and 2, "at_risk": False}
    if not many:
        calendar = [{**row, "minutes": 0.0, "has_sessions": False} for row in calendar]
    return {**answer, "calendar": calendar, "today": TODAY, "week_starts_on": "saturday"}


def vocabulary(size: str = "full") -> dict[str, Any]:
    times = {"empty": 0, "full": 1, "large": 3210}[size]
    counts = {"due": 23 * times, "learning": 48 * times, "known": 131 * times}
    days = [TODAY + timedelta(days=age) for age in range(1, 15)]
    return {**counts, "forecast": [{"date": day, "words": day.day % 7 * times} for day in days]}


def rhythm(size: str = "full") -> dict[str, Any]:
    times = {"empty": 0, "full": 1, "large": 1234}[size]
    hours = [
        {"hour": hour, "sessions": hour * times, "minutes": hour * 3.3 * times}
        for hour in range(24)
    ]
    weekdays = [
        {"weekday": name, "sessions": place * times, "minutes": place * 33.3 * times}
        for place, name in enumerate(WEEKDAYS)
    ]
    period = {"period": "all" if times > 1 else "month", "week_starts_on": "monday"}
    return {**period, "hours": hours, "weekdays": weekdays}


SAMPLES: Mapping[str, Any] = {
    "heatmap": heatmap,
    "trend": trend,
    "skills": skills,
    "streak": streak,
    "vocabulary": vocabulary,
    "rhythm": rhythm,
}
