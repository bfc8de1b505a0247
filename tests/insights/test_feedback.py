"""What learners set for insights, and what they say of them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from tests.factories import Learner, pointers
from tests.insights import histories
from tests.postgres import transaction
from tests.privacy.test_operator import close
from vorex_sessions.insights import store
from vorex_sessions.models import learner_insight_feedback


def say(learner: Learner, insight_id: str, verdict: str) -> TestResponse:
    path = f"/api/sessions/insights/{insight_id}/feedback"
    return learner.request("POST", path, json={"verdict": verdict})


def choose(learner: Learner, **values: Any) -> TestResponse:
    return learner.request("PUT", "/api/sessions/insights/preferences", json=values)


def ids(learner: Learner) -> dict[str, str]:
    return {one["kind"]: one["id"] for one in learner.get("/insights")["insights"]}


@pytest.fixture
def away(learner: Learner) -> Learner:
    """A learner who is told one thing: words that are due."""
    histories.save(learner, histories.due(5))
    assert ids(learner).keys() == {"words_due", "first_week"}
    return learner


def test_an_id_is_the_same_while_its_facts_are(away: Learner, other: Learner) -> None:
    first = ids(away)["words_due"]
    assert ids(away)["words_due"] == first
    assert {one["id"] for one in away.get("/insights", locale="de")["insights"]} >= {first}
    histories.save(other, histories.due(5))
    theirs = ids(other)["words_due"]
    assert theirs != first
    assert theirs.partition("~")[0] == first.partition("~")[0]
    histories.save(away, [histories.day(3, vocabulary_results=[{"word": "x", "outcome": "again"}])])
    assert ids(away)["words_due"] not in (first, theirs)


def test_what_is_hidden_stays_hidden_though_its_values_change(
    away: Learner, other: Learner
) -> None:
    histories.save(other, histories.due(5))
    hidden = ids(away)["words_due"]
    answer = say(away, hidden, "hide")
    assert (answer.status_code, answer.get_json()) == (200, {"id": hidden, "verdict": "hide"})
    assert "words_due" not in ids(away)
    histories.save(away, [histories.day(3, vocabulary_results=[{"word": "x", "outcome": "again"}])])
    assert "words_due" not in ids(away)
    assert "words_due" in ids(other)
    assert say(away, hidden, "helpful").status_code == 200  # changed one's mind
    assert "words_due" in ids(away)


def test_what_is_wrong_comes_back_with_other_values_alone(away: Learner) -> None:
    say(away, ids(away)["words_due"], "wrong")
    assert "words_due" not in ids(away)
    histories.save(away, [histories.day(3, vocabulary_results=[{"word": "x", "outcome": "again"}])])
    assert "words_due" in ids(away)


def test_what_is_helpful_stays(away: Learner) -> None:
    before = ids(away)
    say(away, before["words_due"], "helpful")
    assert ids(away) == before


def test_hiding_makes_room_for_what_is_less_urgent(learner: Learner) -> None:
    every = histories.enough()
    histories.save(
        learner, [*every["steady"], *every["words_due"], *every["next_skill"], *every["trend_up"]]
    )
    seen: set[str] = set()
    while shown := ids(learner):
        assert not seen & shown.keys()
        seen |= shown.keys()
        for insight_id in shown.values():
            say(learner, insight_id, "hide")
    assert len(seen) > 4
    assert learner.get("/insights")["status"] == "nothing_new"


NO_IDS = [
    *(
        "words_due",
        "words_due.all",
        "words_due.all~",
        "words_due.all~0123456789a",
        "WORDS.all~0123456789",
    ),
    *(
        "no_such_kind.all~0123456789",
        "words_due.a%20b~0123456789",
        "words_due.all~012345678%0A",
        "~",
    ),
    *("words_due." + "a" * 61 + "~0123456789", "words_due.all~012345678G", "%00"),
]


@pytest.mark.parametrize("insight_id", NO_IDS)
def test_what_is_no_id_of_an_insight_is_404(learner: Learner, insight_id: str) -> None:
    assert say(learner, insight_id, "hide").status_code == 404


def test_a_wrong_verdict_tone_or_flag_is_422(learner: Learner) -> None:
    insight_id = "words_due.all~0123456789"
    assert pointers(say(learner, insight_id, "no")) == ["#/verdict"]
    assert pointers(choose(learner, tone="rude")) == ["#/tone"]
    assert pointers(choose(learner, model="true")) == ["#/model"]
    assert pointers(choose(learner, colour="red")) == ["#/colour"]
    for query in ("period=day", "locale=english", "language=x", "limit=3"):
        response = learner.request("GET", f"/api/sessions/insights?{query}")
        assert pointers(response) == [query.partition("=")[0]]


def test_preferences_are_replaced_whole(learner: Learner) -> None:
    assert learner.get("/insights")["preferences"] == {"model": False, "tone": "plain"}
    assert choose(learner, model=True, tone="friendly").get_json() == {
        "model": True,
        "tone": "friendly",
    }
    assert learner.get("/insights")["preferences"] == {"model": True, "tone": "friendly"}
    choose(learner)
    assert learner.get("/insights")["preferences"] == {"model": False, "tone": "plain"}


WRITES: list[Callable[[Learner], TestResponse]] = [
    lambda learner: choose(learner, tone="friendly"),
    lambda learner: say(learner, "words_due.all~0123456789", "hide"),
]


@pytest.mark.parametrize("write", WRITES, ids=["preferences", "feedback"])
def test_a_write_ends_the_tag(away: Learner, write: Callable[[Learner], TestResponse]) -> None:
    tag = away.request("GET", "/api/sessions/insights").headers["ETag"]
    known = {"If-None-Match": tag}
    assert away.request("GET", "/api/sessions/insights", headers=known).status_code == 304
    assert write(away).status_code == 200
    assert away.request("GET", "/api/sessions/insights", headers=known).status_code == 200


@pytest.mark.parametrize("write", WRITES, ids=["preferences", "feedback"])
def test_a_closed_account_sets_nothing(
    learner: Learner, write: Callable[[Learner], TestResponse]
) -> None:
    close(learner)
    assert write(learner).status_code == 410


def test_an_export_has_both_and_an_import_takes_them_back(app: Flask, away: Learner) -> None:
    hidden = ids(away)["words_due"]
    say(away, hidden, "hide")
    choose(away, model=True, tone="friendly")
    exported = away.get("/export")
    ((preferences,), (feedback,)) = exported["insight_preferences"], exported["insight_feedback"]
    assert (preferences["model"], preferences["tone"]) == (True, "friendly")
    assert (feedback["insight_id"], feedback["verdict"]) == (hidden, "hide")
    newcomer = Learner(app)
    body = {name: exported[name] for name in ("insight_preferences", "insight_feedback")}
    for status in ("created", "replayed"):
        answer = newcomer.request("POST", "/api/sessions/import", json=body)
        results = orjson.loads(answer.data)["other_results"]
        assert {row["status"] for row in results} == {status}
    again = newcomer.get("/export")
    assert [again[name] for name in body] == list(body.values())
    histories.save(newcomer, histories.due(5))
    assert "words_due" not in ids(newcomer)


@pytest.mark.parametrize(
    "insight_id", ["words_due.all~0123456789\n", "no_such_kind.all~0123456789", "words_due"]
)
def test_an_import_takes_no_other_ids_than_feedback_does(learner: Learner, insight_id: str) -> None:
    row = {"insight_id": insight_id, "verdict": "hide", "given_at": "2026-03-01T12:00:00Z"}
    body = {"insight_feedback": [row]}
    answer = learner.request("POST", "/api/sessions/import", json=body)
    (result,) = orjson.loads(answer.data)["other_results"]
    assert result["problem"]["status"] == 422
    assert learner.get("/export")["insight_feedback"] == []


def test_an_erasure_removes_both_and_what_was_set_before_it_is_not_taken_back(
    away: Learner,
) -> None:
    say(away, ids(away)["words_due"], "hide")
    choose(away, tone="friendly")
    exported = away.get("/export")
    away.request("DELETE", "/api/sessions?confirm=true")
    after = away.get("/export")
    assert (after["insight_preferences"], after["insight_feedback"]) == ([], [])
    body = {name: exported[name] for name in ("insight_preferences", "insight_feedback")}
    answer = away.request("POST", "/api/sessions/import", json=body)
    results = orjson.loads(answer.data)["other_results"]
    assert [row["problem"]["status"] for row in results] == [410, 410]


def test_no_more_verdicts_are_kept_than_each_answer_can_read(app: Flask, learner: Learner) -> None:
    rows = [
        {
            "user_id": learner.id,
            "topic": f"next_skill.s{n}",
            "insight_id": f"next_skill.s{n}~0123456789",
        }
        | {"verdict": "hide", "given_at": datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=n)}
        for n in range(store.MOST_TOPICS)
    ]
    with app.app_context(), transaction() as connection:
        connection.execute(sa.insert(learner_insight_feedback), rows)
    assert say(learner, "words_due.all~0123456789", "hide").status_code == 200
    kept = [
        one["insight_id"].partition("~")[0] for one in learner.get("/export")["insight_feedback"]
    ]
    assert len(kept) == store.MOST_TOPICS
    assert "words_due.all" in kept
    assert "next_skill.s0" not in kept
