"""Learners whose history makes a rule speak."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

import orjson

from tests.clock import now
from tests.factories import Learner, content

Made = list[dict[str, Any]]


def day(age: float, **values: Any) -> dict[str, Any]:
    """A session of that many days ago, in UTC, when it was noon, or right now."""
    noon = now().replace(hour=12, minute=0, second=0, microsecond=0)
    when = min(noon - timedelta(days=age), now()) if age else now()
    return content(completed_at=when.isoformat(), timezone="UTC", **values)


def days(ages: Iterable[float], **values: Any) -> Made:
    return [day(age, **values) for age in ages]


def save(learner: Learner, sessions: Made) -> None:
    for start in range(0, len(sessions), 100):
        body = {"sessions": sessions[start : start + 100]}
        answer = learner.request("POST", "/api/sessions/batch", json=body)
        assert orjson.loads(answer.data)["created"] == len(body["sessions"]), answer.text


def set_goal(learner: Learner) -> None:
    settings = {"daily_goal_minutes": 20}
    assert learner.request("PUT", "/api/sessions/preferences", json=settings).status_code == 200


def scored(values: Callable[[int], float], ages: Iterable[int]) -> Made:
    return [day(age, fluency_score=values(age)) for age in ages]


def tested(times: int, age: int) -> Made:
    return days(
        [age + more for more in range(times)],
        vocabulary_learned=["reservation"],
        vocabulary_results=[{"word": "reservation", "outcome": "again"}],
    )


def due(count: int) -> Made:
    results = [{"word": f"w{number}", "outcome": "again"} for number in range(count)]
    return [day(3, vocabulary_results=results)]


def skilled(times: int) -> Made:
    return days(range(times), skills=[{"skill": "articles", "score": 50}])


MANY = range(0, 28, 2)


def enough() -> dict[str, Made]:
    """For each kind a history in which its rule finds something."""
    return {
        "streak_risk": days([1, 2, 3]),
        "away": days([7, 8, 9]),
        "daily_goal": [day(0, duration_seconds=600)],
        "come_back": days([0, 1, 10, 11]),
        "first_week": [day(0, duration_seconds=60)],
        "words_due": due(5),
        "trend_up": scored(lambda age: 80 - age, MANY),
        "trend_down": scored(lambda age: 50 + age, MANY),
        "plateau": scored(lambda age: 70, MANY),
        "word_slipping": tested(3, 5),
        "neglected_language": [*days([10, 11, 12], language="de"), day(0, language="en")],
        "next_skill": skilled(3),
        "more_practice": [*days([1, 2, 3], duration_seconds=900), *days([8, 9, 10])],
        "less_practice": [*days([8, 9, 10], duration_seconds=900), *days([1, 2, 3])],
        "steady": days([age for age in range(28) if age % 7 < 3]),
        "usual_hours": days([*range(6), 6, 7, 8, 9]),
    }


def not_enough() -> dict[str, Made]:
    """For each kind a history in which its evidence is just too thin."""
    return {
        "streak_risk": days([1, 2]),
        "away": days([6, 7, 8]),
        "daily_goal": [day(0, duration_seconds=599)],
        "come_back": days([0, 1, 8, 9]),
        "first_week": days([0, 8]),
        "words_due": due(4),
        "trend_up": scored(lambda age: 80 - age, range(0, 14, 2)),
        "trend_down": scored(lambda age: 50 + age % 7, MANY),
        "plateau": scored(lambda age: 70, range(0, 22, 2)),
        "word_slipping": tested(2, 5),
        "neglected_language": [*days([9, 10, 11], language="de"), day(0, language="en")],
        "next_skill": skilled(2),
        "more_practice": [*days([1, 2], duration_seconds=900), *days([8, 9, 10])],
        "less_practice": [*days([8, 9, 10], duration_seconds=360), *days([1, 2, 3])],
        "steady": days([age for age in range(28) if age % 7 < 3 and age != 15]),
        "usual_hours": days(range(9)),
    }
