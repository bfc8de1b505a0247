"""Two learners' data never mix, over every endpoint."""

import json
from typing import Any

from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories import Learner

QUESTIONS = [
    "/history",
    "/history?limit=1",
    "/history?topic=shared",
    "/history?scenario_id=shared",
    "/stats?period=day",
    "/stats?period=year",
    "/stats?period=all",
    "/stats?period=this_year",
    "/stats?period=this_month",
    "/stats?date_from=2020-01-01&date_to=2029-12-31",
    "/daily-breakdown?date_from=2026-01-01&date_to=2026-12-31",
    "/rhythm?period=all",
    "/warmup",
    "/vocabulary",
    "/skills",
    "/trends",
    "/comparison",
    "/history?language=es",
    "/stats?period=all&language=es",
    "/daily-breakdown?language=es",
    "/streak?language=es",
    "/languages",
    "/insights",
    "/insights?language=es",
]
SESSION = st.fixed_dictionaries(
    {
        "session_type": st.sampled_from(["conversation", "pronunciation", "roleplay"]),
        "duration_seconds": st.integers(0, 100),
        "language": st.sampled_from(["en", "es"]),
        "fluency_score": st.one_of(st.none(), st.integers(0, 100)),
    }
)


def marked(session: dict[str, Any], owner: str) -> dict[str, Any]:
    """Return a session whose texts name its owner, except those that both learners share."""
    english = session["language"] == "en"
    return {
        **session,
        "topics": ["shared", owner],
        "areas_to_improve": [owner],
        "vocabulary_learned": [owner],
        "vocabulary_results": [{"word": f"tested by {owner}", "outcome": "again"}],
        "skills": [{"skill": "rhythm", "score": 20 if owner == "mine" else 90}] * english,
        "metadata": {"scenario_id": "shared", "owner": owner},
    }


def answers(learner: Learner) -> list[Any]:
    paths = [f"/api/sessions{question}" for question in QUESTIONS]
    answered = [learner.request("GET", path).get_json() for path in paths]
    return [{**one, "generated_at": None} for one in answered]


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(mine=st.lists(SESSION, max_size=4), theirs=st.lists(SESSION, max_size=4))
def test_no_answer_depends_on_another_learner(
    app: Flask, mine: list[dict], theirs: list[dict]
) -> None:
    me, them = Learner(app), Learner(app)
    for session in mine:
        me.save(**marked(session, "mine"))
    alone = answers(me)
    for session in theirs:
        them.save(**marked(session, "theirs"))
    assert answers(me) == alone
    assert "theirs" not in json.dumps(alone)
    assert them.id not in json.dumps(alone)
    assert me.count() == len(mine)
    assert them.count() == len(theirs)
