"""What is derived from sessions, by language: words, memories, skills, warm-up, comparison, achievements."""

from typing import Any

import pytest
from flask import Flask

from tests.clock import ago
from tests.cohorts import practising
from tests.factories import Learner, content, pointers
from tests.statements import recorded, statements


def words(learner: Learner, **query: Any) -> list[tuple[str, str, int, int]]:
    return [
        (word["word"], word["language"], word["times_seen"], word["times_tested"])
        for word in learner.get("/vocabulary", **query)["words"]
    ]


def outcomes(word: str, outcome: str = "good") -> list[dict[str, str]]:
    return [{"word": word, "outcome": outcome}]


def test_a_word_of_two_languages_is_two_words_with_a_memory_each(learner: Learner) -> None:
    learner.save(language="en", vocabulary_learned=["Gift"], completed_at=ago(3))
    learner.save(language="de", vocabulary_results=outcomes("Gift", "again"), completed_at=ago(2))
    learner.save(language="de", vocabulary_results=outcomes("Gift"), completed_at=ago(1))
    assert words(learner) == [("Gift", "de", 2, 2), ("Gift", "en", 1, 0)]
    export = learner.get("/export")
    assert [row["language"] for row in export["words"]] == ["de", "en"]
    assert [(row["language"], row["word"]) for row in export["memories"]] == [("de", "Gift")]
    assert export["totals"][0]["distinct_words"] == 2
    assert export["totals"][0]["languages"] == ["de", "en"]


def test_a_batch_in_two_languages_counts_words_of_each(learner: Learner) -> None:
    sessions = [
        content(language=language, vocabulary_results=outcomes("Gift"), completed_at=ago(day))
        for day, language in enumerate(["en", "de", "de"], 1)
    ]
    learner.request("POST", "/api/sessions/batch", json={"sessions": sessions})
    assert words(learner) == [("Gift", "de", 2, 2), ("Gift", "en", 1, 1)]
    assert learner.get("/export")["totals"][0]["distinct_words"] == 2


def test_the_vocabulary_of_a_language_is_counted_and_paged_by_itself(learner: Learner) -> None:
    learner.save(language="de", vocabulary_learned=["Gift", "Hose", "Übung"])
    learner.save(language="en", vocabulary_learned=["Gift", "hose"])
    page = learner.get("/vocabulary", language="DE", limit=2)
    assert (page["total"], [word["word"] for word in page["words"]]) == (3, ["Gift", "Hose"])
    rest = learner.get("/vocabulary", language="de", limit=2, cursor=page["next_cursor"])
    assert [(word["word"], word["language"]) for word in rest["words"]] == [("Übung", "de")]
    assert words(learner, language="de", q="übung", status="learning") == [("Übung", "de", 1, 0)]
    assert words(learner, language="en", q="übung") == []
    assert words(learner, language="fr") == []


def test_pages_go_through_the_words_of_all_languages(learner: Learner) -> None:
    for language in ("en", "de", "fr"):
        learner.save(language=language, vocabulary_learned=["a", "b"])
    seen, cursor = [], None
    while True:
        page = learner.get("/vocabulary", limit=1, **({"cursor": cursor} if cursor else {}))
        seen += [(word["word"], word["language"]) for word in page["words"]]
        if not (cursor := page["next_cursor"]):
            break
    assert seen == [(word, language) for word in "ab" for language in ("de", "en", "fr")]


def test_a_corrected_language_moves_its_words_and_memories(learner: Learner) -> None:
    saved = learner.save(language="en", vocabulary_results=outcomes("Gift"))
    path = f"/api/sessions/{saved['session_result_id']}"
    assert learner.request("PATCH", path, json={"language": "de"}).status_code == 200
    assert words(learner) == [("Gift", "de", 1, 1)]
    assert learner.get("/export")["totals"][0]["languages"] == ["de"]


def test_a_late_exercise_changes_the_memory_of_its_language_alone(
    learner: Learner, other: Learner
) -> None:
    practice = [
        content(language=language, vocabulary_results=outcomes("Gift", outcome), completed_at=at)
        for language, outcome, at in (
            ("en", "again", ago(5)),
            ("de", "good", ago(4)),
            ("en", "good", ago(3)),
        )
    ]
    for session in practice:
        learner.save(**session)
    for session in reversed(practice):
        other.save(**session)
    assert learner.get("/export")["memories"] == other.get("/export")["memories"]


def test_skills_belong_to_the_language_of_their_session(learner: Learner) -> None:
    learner.save(language="en", areas_to_improve=["past tense"], completed_at=ago(2))
    learner.save(language="en-GB", skills=[{"skill": "rhythm", "score": 90}], completed_at=ago(1))

    def practised(**query: Any) -> tuple[str, set[str]]:
        page = learner.get("/skills", **query)
        return page["language"], {node["skill"] for node in page["nodes"] if node["evidence"]}

    assert practised() == ("en-GB", {"rhythm"})
    assert practised(language="en") == ("en", {"past-simple"})


def test_a_language_without_a_graph_has_no_skills(learner: Learner, app: Flask) -> None:
    learner.save(language="de", areas_to_improve=["past tense"], vocabulary_learned=["Haus"])
    empty = {"language": "de", "nodes": [], "edges": [], "next": []}
    assert learner.get("/skills") == empty == learner.get("/skills", language="de")
    assert learner.get("/skills", language="en")["nodes"]
    assert learner.get("/warmup")["focus_skills"] == []
    assert learner.get("/export")["skills"] == []


def test_skills_of_a_language_without_a_graph_are_refused(learner: Learner) -> None:
    skills = [{"skill": "rhythm", "score": 80}]
    body = content(language="de", skills=skills)
    assert pointers(learner.try_save(body)) == ["#/skills"]
    answer = learner.request("POST", "/api/sessions/batch", json={"sessions": [body, content()]})
    first, second = answer.get_json()["results"]
    assert first["problem"]["errors"][0]["pointer"] == "#/sessions/0/skills"
    assert second["status"] == "created"


@pytest.mark.parametrize(
    ("before", "change"),
    [
        ({"language": "en", "skills": [{"skill": "rhythm", "score": 80}]}, {"language": "de"}),
        ({"language": "de"}, {"skills": [{"skill": "rhythm", "score": 80}]}),
    ],
    ids=["language", "skills"],
)
def test_no_correction_leaves_skills_in_a_language_without_a_graph(
    learner: Learner, before: dict, change: dict
) -> None:
    path = f"/api/sessions/{learner.save(**before)['session_result_id']}"
    assert pointers(learner.request("PATCH", path, json=change)) == ["#/skills"]
    both = {"language": "de", "skills": []}
    assert learner.request("PATCH", path, json=both).status_code == 200


def test_the_operators_default_language_decides_about_skills(
    learner: Learner, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "DEFAULT_LANGUAGE", "de")
    body = content(skills=[{"skill": "rhythm", "score": 80}])
    assert pointers(learner.try_save(body)) == ["#/skills"]
    assert learner.try_save({**body, "language": "en"}).status_code == 201


def test_the_warm_up_is_about_one_language(learner: Learner) -> None:
    learner.save(
        language="de",
        vocabulary_learned=["Haus"],
        vocabulary_results=outcomes("Gift", "again"),
        areas_to_improve=["Artikel"],
        completed_at=ago(30),
    )
    learner.save(
        language="en",
        vocabulary_learned=["house"],
        vocabulary_results=outcomes("Gift", "again"),
        areas_to_improve=["articles"],
        completed_at=ago(2),
    )
    english, german = learner.get("/warmup"), learner.get("/warmup", language="de")
    assert english == learner.get("/warmup", language="en")
    assert (english["language"], german["language"]) == ("en", "de")
    assert english["vocabulary_review"] == ["Gift", "house"]
    assert german["vocabulary_review"] == ["Gift", "Haus"]
    assert [page["vocabulary_details"][0]["times_seen"] for page in (english, german)] == [1, 1]
    assert (english["focus_areas"], german["focus_areas"]) == (["articles"], ["Artikel"])
    assert german["last_session_summary"]["areas_to_improve"] == ["Artikel"]
    assert german["based_on"]["sessions"] == 1
    assert [item["skill"] for item in english["focus_skills"]][:1] == ["articles"]
    assert german["focus_skills"] == []


def test_a_warm_up_in_a_language_never_practised_has_nothing(learner: Learner) -> None:
    learner.save(language="en", vocabulary_learned=["house"], timezone="Pacific/Kiritimati")
    empty, other = learner.get("/warmup", language="fr"), learner.get("/warmup")
    assert (empty["language"], empty["last_session_summary"]) == ("fr", None)
    assert empty["vocabulary_review"] == []
    assert empty["based_on"] == {**other["based_on"], "sessions": 0}


def test_answers_about_one_language_take_one_statement(learner: Learner, app: Flask) -> None:
    learner.save(language="de")
    for path in ("/warmup", "/skills", "/comparison", "/warmup?language=en", "/skills?language=en"):
        with recorded(app) as sent:
            learner.request("GET", f"/api/sessions{path}")
        assert len(statements(sent)) == 1, path


def test_learners_are_compared_within_their_language(app: Flask) -> None:
    english = practising.cohort(app, 12)
    german = practising.learners(app, 12, first=100)
    practising.join(app, german)
    practising.practise(
        app,
        [
            session
            for number, learner in enumerate(german)
            for session in practising.sessions(learner, fluency=90 - number, language="de")
        ],
    )
    both = english[0]
    practising.practise(app, practising.sessions(both, day=1, fluency=10, language="de"))
    practising.snapshot(app)
    page = both.get("/comparison")
    assert (page["language"], page["measures"]["fluency"]["value"]) == ("de", 10)
    assert page["measures"]["fluency"]["percentile"] == {"from": 0, "to": 25}
    assert page["measures"]["sessions"]["sessions"] == 5
    page = both.get("/comparison", language="en")
    assert (page["language"], page["measures"]["fluency"]["value"]) == ("en", 50)
    assert both.get("/comparison", language="fr")["status"] == "no_practice"
    assert {row["language"] for row in both.get("/export")["standings"]} == {"de", "en"}


def test_a_second_and_a_third_language_are_achievements(learner: Learner) -> None:
    def unlocked(**fields: Any) -> set[str]:
        answer = learner.save_answer(**fields)
        keys = {item["key"] for item in answer["achievements_unlocked"]}
        return {key for key in keys if key.startswith("languages")}

    assert unlocked(language="en") == unlocked(language="en") == set()
    assert unlocked(language="de") == {"languages_2"}
    assert unlocked(language="de") == set()
    assert unlocked(language="pt-BR") == {"languages_3"}


def test_of_very_many_languages_the_same_ones_are_counted_in_any_order(
    learner: Learner, other: Learner
) -> None:
    tags = [first + second for first in "abcdefg" for second in "abcdefgh"]
    for one, order in ((learner, tags), (other, tags[::-1])):
        for some in (order[:50], order[50:]):
            sessions = [content(language=tag) for tag in some]
            one.request("POST", "/api/sessions/batch", json={"sessions": sessions})
    first, second = (one.get("/export")["totals"][0]["languages"] for one in (learner, other))
    assert first == second
    assert len(first) == 50
