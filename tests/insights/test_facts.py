"""Facts are what the endpoints answer, whatever a learner has practised."""

import os
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from flask import Flask

from tests.factories import Learner, content
from tests.insights import histories
from tests.insights.test_rules import KINDS
from vorex_sessions import create_app

HISTORIES = int(os.environ.get("INSIGHT_HISTORIES", "12"))
LANGUAGES = ["en", "de", "pt-BR"]


def look_up(learner: Learner, source: str) -> tuple[Any, Any]:
    """The whole answer at a source, and the value at its pointer."""
    address, _, pointer = source.partition("#")
    response = learner.request("GET", address)
    assert response.status_code == 200, response.text
    whole = value = response.get_json()
    for name in pointer.strip("/").split("/"):
        value = value[int(name)] if isinstance(value, list) else value[name]
    return whole, value


def expected(
    learner: Learner, kind: str, fact: dict[str, Any], facts: dict[str, Any], today: date
) -> Any:
    """The value that a fact must have, computed here from the answer at its source."""
    whole, value = look_up(learner, fact["source"])
    if fact["unit"] == "score":
        return fact["source"].rpartition("/")[2]
    if (kind, fact["id"]) == ("weekly_goal", "missing"):
        return whole["week"]["goal_days"] - value
    if (kind, fact["id"]) == ("daily_goal", "missing"):
        return -((value - whole["goal_minutes"] * 60) // 60)
    if (kind, fact["id"]) == ("come_back", "gap") and isinstance(value, str):
        rows = look_up(learner, facts["days"]["source"])[1]
        first = min(date.fromisoformat(row["date"]) for row in rows if row["minutes"])
        return (first - date.fromisoformat(value)).days - 1
    if fact["id"] == "days" and isinstance(value, str):
        return (today - date.fromisoformat(value)).days
    if isinstance(value, list) and "practiced" in value[0]:
        practised = [date.fromisoformat(row["date"]) for row in value if row["minutes"]]
        if kind == "steady":
            past = [row for row in value if date.fromisoformat(row["date"]) <= today]
            return len(past) if fact["id"] == "span" else sum(row["minutes"] > 0 for row in past)
        breaks = [  # (days before it that were missed, days practised since)
            ((day - before).days - 1, sum(1 for other in practised if other >= day))
            for day, before in pairwise(practised)
        ]
        longer = (None, len(practised))  # than the calendar, whose practice is all of it
        return next((pair for pair in breaks if pair[0] >= 7), longer)[fact["id"] == "days"]
    if isinstance(value, list):  # hours
        counts = {row["hour"]: row["sessions"] for row in value}
        if fact["id"] == "total":
            return sum(counts.values())
        return sum(counts[(facts["start"]["value"] + more) % 24] for more in range(3))
    return value


def check(learner: Learner, **query: Any) -> list[str]:
    """Fail unless each fact is what its source answers; return the kinds."""
    answer = learner.get("/insights", **query)
    period = query.get("period", "week")
    today = date.fromisoformat(learner.get("/stats", period=period)["period_end"])
    for insight in answer["insights"]:
        facts = {fact["id"]: fact for fact in insight["facts"]}
        for fact in facts.values():
            wanted = expected(learner, insight["kind"], fact, facts, today)
            assert fact["value"] == wanted, (insight, fact)
    return [insight["kind"] for insight in answer["insights"]]


def practice(random: Random, span: int) -> dict[str, Any]:
    when = datetime.now(UTC) - timedelta(
        days=random.randrange(span), minutes=random.randrange(1440)
    )
    language = random.choices(LANGUAGES, [8, 2, 1])[0]
    known = random.sample([f"w{number}" for number in range(12)], random.randrange(4))
    return content(
        session_result_id=str(uuid4()),
        duration_seconds=random.choice([0, 45, 300, 900]),
        completed_at=when.isoformat(),
        timezone=random.choice(["UTC", "Europe/Berlin", "America/Lima"]),
        language=language,
        fluency_score=random.choice([None, 70, 50 + random.randrange(40)]),
        vocabulary_learned=known,
        vocabulary_results=[
            {"word": word, "outcome": random.choice(["again", "good"])} for word in known
        ],
        skills=[{"skill": "articles", "score": 60}] if language == "en" else [],
    )


def longer_ago(stamp: str) -> str:
    """The same within the last 3 days, and otherwise 40 days before."""
    when = datetime.fromisoformat(stamp)
    is_late = datetime.now(UTC) - when < timedelta(days=3)
    return stamp if is_late else (when - timedelta(days=40)).isoformat()


@pytest.fixture
def unlimited(settings: dict, app: Flask) -> Flask:
    return create_app({**settings, "RATELIMIT_ENABLED": False})


def test_facts_of_random_histories_are_the_endpoints_answers(unlimited: Flask) -> None:
    kinds: set[str] = set()
    for seed in range(HISTORIES):
        random, learner = Random(seed), Learner(unlimited)
        moment = datetime(2026, 3, 27, tzinfo=UTC) + timedelta(hours=random.randrange(5000))
        with time_machine.travel(moment, tick=False):
            kinds |= history(random, learner)
    assert len(kinds) >= 6


def history(random: Random, learner: Learner) -> set[str]:
    """Check a learner who practises at random; return the kinds of insights."""
    count = random.choice([1, 5, 20, 60])
    span = random.choice([5, 30, 70])
    made = [practice(random, span) for _ in range(count)]
    for session in made[: random.choice([0, count])]:  # none, or all but those of the last days
        session["completed_at"] = longer_ago(session["completed_at"])
    histories.save(learner, made)
    settings = {
        "weekly_goal_days": random.choice([None, 2, 4]),
        "daily_goal_minutes": random.choice([None, 15]),
        "day_starts_at": random.choice([0, 4]),
    }
    learner.request("PUT", "/api/sessions/preferences", json=settings)
    return {
        *check(learner, period=random.choice(["week", "month"])),
        *check(learner, language=random.choice(LANGUAGES)),
    }


@pytest.mark.parametrize("ages", [(0, 40, 41, 42), (1, 2, 5, 45), (0, 29), (3, 800)])
def test_a_break_that_is_longer_than_the_calendar_is_told_with_its_length(
    learner: Learner, ages: tuple[int, ...]
) -> None:
    histories.save(learner, histories.days(ages))
    assert "come_back" in check(learner)
    insights = {one["kind"]: one for one in learner.get("/insights")["insights"]}
    told = {fact["id"]: fact["value"] for fact in insights["come_back"]["facts"]}
    recent = [age for age in ages if age < 7]
    assert told == {"gap": min(set(ages) - set(recent)) - max(recent) - 1, "days": len(recent)}


@pytest.mark.parametrize("kind", KINDS)
def test_facts_of_each_kind_are_the_endpoints_answers(learner: Learner, kind: str) -> None:
    histories.set_goal(learner)
    histories.save(learner, histories.enough()[kind])
    # What is more urgent is hidden, so that this kind is shown.
    for _ in range(6):
        shown = learner.get("/insights")["insights"]
        if kind in {insight["kind"] for insight in shown}:
            break
        for insight in shown:
            path = f"/api/sessions/insights/{insight['id']}/feedback"
            learner.request("POST", path, json={"verdict": "hide"})
    assert kind in check(learner)
