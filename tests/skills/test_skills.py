"""The skill graph, and the learner's progress in it."""

import pytest
from flask import Flask

from tests.clock import ago
from tests.factories import Learner, content
from tests.statements import recorded, statements
from vorex_sessions.skill_graph import GRAPHS
from vorex_sessions.skills import tracing

pytestmark = pytest.mark.one_and_several

SKILLS = GRAPHS["en"].skills


def scores(**by_skill: float) -> list[dict]:
    return [{"skill": skill.replace("_", "-"), "score": score} for skill, score in by_skill.items()]


def nodes(learner: Learner) -> dict[str, dict]:
    return {node["skill"]: node for node in learner.get("/skills")["nodes"]}


def reasons(items: list[dict]) -> dict[str, str]:
    return {item["skill"]: item["reason"] for item in items}


def test_a_new_learner_begins_at_the_beginning(learner: Learner) -> None:
    page = learner.get("/skills")
    assert [node["skill"] for node in page["nodes"]] == list(SKILLS)
    assert {"from": "present-simple", "to": "past-simple"} in page["edges"]
    assert {node["status"] for node in page["nodes"]} == {"ready", "locked"}
    assert {node["mastery"] for node in page["nodes"]} == {None}
    assert len(page["next"]) == 5
    assert set(reasons(page["next"]).values()) == {"new"}
    assert {SKILLS[item["skill"]].level for item in page["next"]} == {"A1"}
    learner.save(areas_to_improve=[])
    assert learner.get("/warmup")["focus_skills"] == []


def test_good_scores_lead_to_mastery_and_open_what_builds_on_it(learner: Learner) -> None:
    before = nodes(learner)["comparatives"]
    assert before["status"] == "locked"
    masteries = []
    for day in (4, 3, 2, 1):
        learner.save(completed_at=ago(day), areas_to_improve=[], skills=scores(articles=90))
        masteries.append(nodes(learner)["articles"]["mastery"])
    assert masteries == sorted(masteries)
    by_skill = nodes(learner)
    assert (by_skill["articles"]["status"], by_skill["articles"]["evidence"]) == ("mastered", 4)
    assert by_skill["comparatives"]["status"] == "ready"


def test_the_estimate_is_that_of_bayesian_knowledge_tracing(learner: Learner) -> None:
    # By hand: 0.2 -> 0.18 / (0.18 + 0.16), or 0.02 / (0.02 + 0.64); then 15 % of the rest is learned.
    right, wrong = 0.18 / 0.34, 0.02 / 0.66
    assert tracing.traced(0.2, 1) == pytest.approx(right + (1 - right) * 0.15)
    assert tracing.traced(0.2, 0) == pytest.approx(wrong + (1 - wrong) * 0.15)
    half = (right + wrong) / 2
    assert tracing.traced(0.2, 0.5) == pytest.approx(half + (1 - half) * 0.15)
    assert [tracing.credit(score) for score in (0, 50, 67.5, 85, 100)] == [0, 0, 0.5, 1, 1]


def test_an_area_to_improve_is_evidence_against_the_skill_it_means(learner: Learner) -> None:
    learner.save(areas_to_improve=["Past tenses", "courage"])
    by_skill = nodes(learner)
    assert (by_skill["past-simple"]["status"], by_skill["past-simple"]["evidence"]) == (
        "learning",
        1,
    )
    assert by_skill["past-simple"]["mastery"] == round(tracing.traced(0.2, 0), 4)
    page = learner.get("/warmup")
    assert page["focus_areas"] == ["Past tenses", "courage"]
    assert reasons(page["focus_skills"])["past-simple"] == "named"


def test_a_score_counts_before_being_named(learner: Learner) -> None:
    learner.save(areas_to_improve=["past tense"], skills=scores(past_simple=100))
    by_skill = nodes(learner)["past-simple"]
    assert (by_skill["evidence"], by_skill["mastery"]) == (1, round(tracing.traced(0.2, 1), 4))


def test_what_a_practised_skill_builds_on_is_passed_over(learner: Learner) -> None:
    learner.save(areas_to_improve=[], skills=scores(past_perfect=70))
    by_skill = nodes(learner)
    assert by_skill["present-perfect"]["status"] == "ready"
    page = learner.get("/skills")["next"]
    assert page[0]["skill"] == "past-perfect"
    assert not {"present-perfect", "verb-to-be"} & set(reasons(page))


def test_foundations_come_first(learner: Learner) -> None:
    learner.save(areas_to_improve=[], skills=scores(past_perfect=10, present_perfect=70))
    assert list(reasons(learner.get("/skills")["next"]).items())[:2] == [
        ("present-perfect", "foundation"),
        ("past-perfect", "in progress"),
    ]


def test_a_late_session_takes_its_place_in_time(learner: Learner, other: Learner) -> None:
    sessions = [
        content(completed_at=ago(day), areas_to_improve=[], skills=scores(rhythm=score))
        for day, score in [(9, 100), (6, 0), (2, 80)]
    ]
    for session in sessions:
        learner.save(**session)
    for session in (sessions[2], sessions[0], sessions[1]):
        other.save(**session)
    assert learner.get("/export")["skills"] == other.get("/export")["skills"]


@pytest.mark.parametrize(
    ("broken", "pointer"),
    [
        ([{"skill": "juggling", "score": 5}], "/0/skill"),
        ([{"skill": None, "score": 5}], "/0/skill"),
        ([{"skill": "rhythm", "score": 101}], "/0/score"),
        ([{"skill": "rhythm", "score": None}], "/0/score"),
        ([{"skill": "rhythm", "score": True}], "/0/score"),
        ([{"skill": "rhythm"}], "/0/score"),
        (scores(rhythm=5) * 2, "/1/skill"),
        (["rhythm"], "/0"),
        ("rhythm", ""),
    ],
)
def test_skills_that_break_a_rule_are_refused(
    learner: Learner, broken: object, pointer: str
) -> None:
    refused = learner.try_save(content(skills=broken))
    assert refused.status_code == 422
    assert refused.json["errors"][0]["pointer"] == f"#/skills{pointer}"


def test_a_deleted_session_tells_of_nothing_any_more(learner: Learner) -> None:
    gone = learner.save(areas_to_improve=[], skills=scores(rhythm=80))
    learner.request("DELETE", f"/api/sessions/{gone['session_result_id']}")
    assert learner.get("/export")["skills"] == []
    assert nodes(learner)["rhythm"]["mastery"] is None


def test_learners_do_not_see_each_other(learner: Learner, other: Learner) -> None:
    learner.save(skills=scores(rhythm=80))
    assert nodes(other)["rhythm"]["mastery"] is None


def test_a_full_save_takes_at_most_three_statements_more_than_a_plain_one(
    learner: Learner, app: Flask
) -> None:
    def count(**fields: object) -> int:
        with recorded(app) as sent:
            learner.save(**fields)
        return len(statements(sent))

    count()
    plain = count(areas_to_improve=[])
    full = count(
        vocabulary_results=[{"word": f"w{number}", "outcome": "good"} for number in range(20)],
        skills=[{"skill": skill, "score": 70} for skill in list(SKILLS)[:5]],
        areas_to_improve=["past tense", "fillers"],
    )
    assert full <= plain + 3
    with recorded(app) as sent:
        learner.get("/warmup")
    assert len(statements(sent)) == 1
