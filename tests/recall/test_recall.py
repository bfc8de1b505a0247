"""Words worth reviewing, through the API."""

from datetime import date, timedelta

import orjson
import pytest
import sqlalchemy as sa
from flask import Flask

from tests.clock import ago, now
from tests.factories import Learner, content
from tests.postgres import transaction
from tests.statements import recorded, statements
from vorex_sessions.hooks.rebuild import rebuild
from vorex_sessions.recall import projection
from vorex_sessions.recall.memory import after, recall

pytestmark = pytest.mark.one_and_several


def outcomes(*pairs: str) -> list[dict]:
    return [
        {"word": word, "outcome": outcome} for word, outcome in (pair.split(":") for pair in pairs)
    ]


def words(learner: Learner, **query: object) -> dict[str, dict]:
    page = learner.get("/vocabulary", timezone="UTC", **query)
    return {entry["word"]: entry for entry in page["words"]}


def test_words_with_outcomes_come_first_lowest_recall_first_and_then_the_rarely_met(
    learner: Learner,
) -> None:
    learner.save(
        completed_at=ago(20),
        timezone="UTC",
        vocabulary_results=outcomes("solid:easy", "shaky:hard", "lost:again"),
    )
    learner.save(completed_at=ago(2), vocabulary_learned=["twice", "solid", "once"])
    learner.save(completed_at=ago(1), vocabulary_learned=["twice"])
    page = learner.get("/warmup", timezone="UTC")
    assert page["vocabulary_review"][:2] == ["lost", "shaky"]
    assert page["vocabulary_review"][-2:] == ["once", "twice"]
    details = {entry["word"]: entry for entry in page["vocabulary_details"]}
    assert list(details) == page["vocabulary_review"]
    assert {word: entry["reason"] for word, entry in details.items()} == {
        "lost": "forgotten",
        "shaky": "due",
        "solid": "due",
        "once": "new",
        "twice": "rarely met",
    }
    assert details["lost"]["recall"] < details["shaky"]["recall"] < details["solid"]["recall"] < 0.9
    assert details["once"]["recall"] is details["twice"]["recall"] is None
    assert details["twice"]["times_seen"] == 2


def test_a_word_that_is_still_remembered_is_not_reviewed(learner: Learner) -> None:
    learner.save(vocabulary_learned=["fresh"], vocabulary_results=outcomes("fresh:good"))
    page = learner.get("/warmup")
    assert (page["vocabulary_review"], page["vocabulary_details"]) == ([], [])


def test_at_most_ten_words_and_ties_by_name(learner: Learner) -> None:
    names = [f"w{number:02}" for number in range(12)]
    learner.save(
        completed_at=ago(30),
        vocabulary_results=outcomes(*(f"{name}:again" for name in names[::-1])),
    )
    learner.save(vocabulary_learned=["met"])
    assert learner.get("/warmup")["vocabulary_review"] == names[:10]


def test_the_learners_calendar_decides_what_is_due(learner: Learner) -> None:
    memory = after(None, "again", now(), date(2026, 3, 1))
    assert memory.due_on == date(2026, 3, 2)
    # These zones are 26 hours apart, the most there is, so it is another day.
    learner.save(completed_at=ago(0), timezone="UTC-12:00", vocabulary_results=outcomes("x:again"))
    assert learner.get("/warmup", timezone="UTC-12:00")["vocabulary_review"] == []
    there = learner.get("/warmup", timezone="UTC+14:00")
    assert there["vocabulary_review"] == ["x"]


@pytest.mark.parametrize("outcome", ["again", "hard", "good", "easy"])
def test_recall_falls_below_nine_tenths_on_the_day_it_is_due(outcome: str) -> None:
    memory = after(None, outcome, now(), date(2026, 3, 1))
    for later in (0, 3, 40):
        memory = after(memory, "good", now(), memory.tested_on + timedelta(days=later))
        state = (memory.stability, memory.tested_on)
        assert recall(*state, memory.due_on) < 0.9
        assert recall(*state, memory.due_on - timedelta(days=1)) >= 0.9


def test_a_forgotten_word_is_less_certain_and_an_easy_one_lasts(learner: Learner) -> None:
    learner.save(
        completed_at=ago(3),
        vocabulary_results=outcomes("a:again", "b:hard", "c:good", "d:easy"),
    )
    entries = words(learner)
    due = [entries[word]["due_on"] for word in "abcd"]
    assert due == sorted(due)
    assert entries["a"]["status"] == "due"
    assert entries["d"]["status"] == "learning"
    assert [entries[word]["last_outcome"] for word in "abcd"] == ["again", "hard", "good", "easy"]


def test_outcomes_of_one_session_count_in_their_order(learner: Learner) -> None:
    saved = learner.save(vocabulary_results=outcomes("x:again", "y:good", "x:good"))
    assert saved["vocabulary_results"] == outcomes("x:again", "y:good", "x:good")
    entries = words(learner)
    assert (entries["x"]["times_tested"], entries["x"]["times_seen"]) == (2, 1)
    assert entries["x"]["last_outcome"] == "good"
    assert entries["x"]["due_on"] < entries["y"]["due_on"]


def test_a_late_session_takes_its_place_in_time(learner: Learner, other: Learner) -> None:
    sessions = [
        content(completed_at=ago(day), vocabulary_results=outcomes(f"x:{outcome}"))
        for day, outcome in [(9, "good"), (6, "again"), (2, "good")]
    ]
    for session in sessions:
        learner.save(**session)
    for session in (sessions[0], sessions[2], sessions[1]):
        other.save(**session)
    memories, others = learner.get("/export")["memories"], other.get("/export")["memories"]
    assert memories == others
    assert memories[0]["times_tested"] == 3


@pytest.mark.parametrize("size", [1, 2, 5])
def test_a_rebuild_in_portions_of_words_is_what_saves_have_made(
    app: Flask, learner: Learner, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(projection, "_PORTION", size)
    for day, language in ((9, "en"), (6, "es"), (2, "en")):
        tested = outcomes("a:good", "b:again", "c:hard", "a:easy", "d:good", "e:again")
        learner.save(completed_at=ago(day), language=language, vocabulary_results=tested)
    before = learner.get("/export")["memories"]
    with app.app_context():
        rebuild(learner.id, everything=True)
    assert len(before) == 10
    assert learner.get("/export")["memories"] == before


@pytest.mark.parametrize(
    ("broken", "pointer"),
    [
        ([{"word": " ", "outcome": "good"}], "/0/word"),
        ([{"word": "x" * 101, "outcome": "good"}], "/0/word"),
        ([{"word": "a\x00", "outcome": "good"}], "/0/word"),
        ([{"word": 3, "outcome": "good"}], "/0/word"),
        ([{"word": "x", "outcome": "great"}], "/0/outcome"),
        ([{"word": "x", "outcome": None}], "/0/outcome"),
        ([{"word": "x"}], "/0/outcome"),
        ([{"word": "x", "outcome": "good", "score": 3}], "/0/score"),
        (["x"], "/0"),
        ({"x": "good"}, ""),
        (outcomes("x:good") * 501, ""),
    ],
)
def test_results_that_break_a_rule_are_refused(
    learner: Learner, broken: object, pointer: str
) -> None:
    refused = learner.try_save(content(vocabulary_results=broken))
    assert refused.status_code == 422
    assert refused.json["errors"][0]["pointer"] == f"#/vocabulary_results{pointer}"


def test_words_are_tidied_as_everywhere(learner: Learner) -> None:
    saved = learner.save(vocabulary_results=[{"word": "  bon \n jour ", "outcome": "good"}])
    assert saved["vocabulary_results"] == outcomes("bon jour:good")
    assert list(words(learner)) == ["bon jour"]


def test_no_results_and_an_empty_list_are_the_same_content(learner: Learner) -> None:
    body = content(completed_at=ago(0))
    first = learner.try_save(body, **{"Idempotency-Key": "k"})
    again = learner.try_save({**body, "vocabulary_results": []}, **{"Idempotency-Key": "k"})
    other = learner.try_save(
        {**body, "vocabulary_results": outcomes("x:good")}, **{"Idempotency-Key": "k"}
    )
    assert [response.status_code for response in (first, again, other)] == [201, 200, 422]


def test_the_vocabulary_is_listed_by_name_in_pages(learner: Learner) -> None:
    names = ["Zug", "apfel", "birne", "Äpfel", "zebra"]
    learner.save(vocabulary_learned=names)
    first = learner.get("/vocabulary", limit=2)
    second = learner.get("/vocabulary", limit=2, cursor=first["next_cursor"])
    third = learner.get("/vocabulary", limit=2, cursor=second["next_cursor"])
    pages = (first, second, third)
    assert [entry["word"] for page in pages for entry in page["words"]] == sorted(names)
    assert [page["has_more"] for page in pages] == [True, True, False]
    assert {page["total"] for page in pages} == {5}
    assert third["next_cursor"] is None


def test_the_vocabulary_is_filtered_by_status_and_by_what_it_contains(learner: Learner) -> None:
    learner.save(completed_at=ago(40), vocabulary_results=outcomes("alt:again", "bald:good"))
    for day in (39, 30, 10):
        learner.save(completed_at=ago(day), vocabulary_results=outcomes("sicher:easy"))
    learner.save(vocabulary_learned=["neu", "100%"])
    assert list(words(learner, status="due")) == ["alt", "bald"]
    assert list(words(learner, status="known")) == ["sicher"]
    assert list(words(learner, status="learning")) == ["100%", "neu"]
    assert list(words(learner, q="AL")) == ["alt", "bald"]
    assert list(words(learner, q="%")) == ["100%"]
    assert list(words(learner, q="ÀL")) == ["alt", "bald"]
    assert words(learner, q="neu")["neu"]["recall"] is None


@pytest.mark.parametrize(
    ("word", "q"),
    [
        ("café", "CAFE"),
        ("cafe", "CAFÉ"),
        ("Übung", "ubung"),
        ("Übung", "ÜB"),
        ("Straße", "strasse"),
        ("Strasse", "aß"),
        ("Tiếng Việt", "viet"),
        ("прошедшее", "ШЁД"),
        ("ﬁsh", "fi"),
        ("İstanbul", "istanbul"),
    ],
)
def test_a_word_is_found_in_any_case_and_whatever_its_accents(
    learner: Learner, word: str, q: str
) -> None:
    learner.save(vocabulary_learned=[word, "がっこう", "각", "ñandú"])
    assert list(words(learner, q=q)) == [word]
    assert (
        learner.get("/vocabulary", q="か")["total"]
        == learner.get("/vocabulary", q="가")["total"]
        == 0
    )


def test_words_beyond_ascii_are_found_however_many_there_are(learner: Learner) -> None:
    for part in range(5):
        learner.save(vocabulary_learned=[f"é{part}{number:03}" for number in range(500)])
    learner.save(vocabulary_learned=["E", "x"])
    assert learner.get("/vocabulary", q="E")["total"] == 2501
    assert learner.get("/vocabulary", q="É4499")["total"] == 1


@pytest.mark.parametrize("query", ["status=old", "limit=0", "cursor=x", "cursor=AAAA", "q="])
def test_a_question_that_breaks_a_rule_is_refused(learner: Learner, query: str) -> None:
    assert learner.request("GET", f"/api/sessions/vocabulary?{query}").status_code == 422


def test_a_cursor_belongs_to_its_filters(learner: Learner) -> None:
    learner.save(vocabulary_learned=["a", "ab"])
    cursor = learner.get("/vocabulary", limit=1)["next_cursor"]
    refused = learner.request("GET", f"/api/sessions/vocabulary?q=a&cursor={cursor}")
    assert refused.status_code == 422


def test_a_learner_without_sessions_has_no_words(learner: Learner) -> None:
    page = learner.get("/vocabulary")
    assert (page["words"], page["total"], page["next_cursor"]) == ([], 0, None)
    assert learner.get("/warmup")["vocabulary_details"] == []


def test_what_is_deleted_or_corrected_is_forgotten_at_once(learner: Learner) -> None:
    gone = learner.save(vocabulary_results=outcomes("geheim:good"))
    kept = learner.save(vocabulary_results=outcomes("essen:good"))
    learner.request("DELETE", f"/api/sessions/{gone['session_result_id']}")
    export = learner.get("/export")
    assert "geheim" not in str((export["memories"], export["words"]))
    assert list(words(learner)) == ["essen"]
    path = f"/api/sessions/{kept['session_result_id']}"
    learner.request("PATCH", path, json={"vocabulary_results": outcomes("trinken:hard")})
    assert list(words(learner)) == ["trinken"]
    assert words(learner)["trinken"]["last_outcome"] == "hard"


def test_what_was_derived_by_older_rules_is_made_anew(learner: Learner, app: Flask) -> None:
    learner.save(vocabulary_results=outcomes("x:good"))
    before = learner.get("/export")["memories"]
    with app.app_context(), transaction() as connection:
        connection.execute(sa.text("UPDATE learner_memories SET stability = 99"))
        connection.execute(sa.text("UPDATE learner_totals SET derived_version = 0"))
    learner.save(vocabulary_results=outcomes("y:good"))
    learner.get("/warmup")
    rebuilt = learner.get("/export")["memories"]
    assert rebuilt[0] == before[0]
    assert [memory["word"] for memory in rebuilt] == ["x", "y"]


def test_words_of_processes_of_the_release_before_do_no_harm(learner: Learner, app: Flask) -> None:
    learner.save(vocabulary_learned=["x"])
    with app.app_context(), transaction() as connection:
        connection.execute(sa.text("DELETE FROM learner_words"))
        insert = "INSERT INTO learner_words (user_id, word) VALUES (CAST(:id AS uuid), 'x')"
        connection.execute(sa.text(insert), {"id": learner.id})
    assert learner.get("/warmup")["vocabulary_review"] == ["x"]
    assert list(words(learner)) == ["x"]


def test_learners_do_not_see_each_other(learner: Learner, other: Learner) -> None:
    learner.save(completed_at=ago(9), vocabulary_results=outcomes("x:again"))
    other.save(vocabulary_learned=["y"])
    assert other.get("/warmup")["vocabulary_review"] == ["y"]
    assert list(words(other)) == ["y"]


def test_a_save_with_outcomes_takes_one_statement_more_and_a_warm_up_takes_one(
    learner: Learner, app: Flask
) -> None:
    def count(**fields: object) -> int:
        with recorded(app) as sent:
            learner.save(**fields)
        return len(statements(sent))

    count()
    plain = count()
    results = [{"word": f"w{number}", "outcome": "good"} for number in range(200)]
    assert count(vocabulary_results=results) == plain + 3  # its words unlock something, too
    assert count(vocabulary_results=results) == plain + 1
    with recorded(app) as sent:
        learner.get("/warmup")
    assert len(statements(sent)) == 1


def test_items_of_a_batch_test_words_in_the_order_of_time(learner: Learner) -> None:
    items = [
        content(completed_at=ago(day), vocabulary_results=outcomes(f"x:{outcome}"))
        for day, outcome in [(1, "good"), (5, "again"), (3, "hard")]
    ]
    answer = learner.request("POST", "/api/sessions/batch", json={"sessions": items})
    assert orjson.loads(answer.data)["created"] == 3
    entry = words(learner)["x"]
    assert (entry["times_tested"], entry["last_outcome"]) == (3, "good")
