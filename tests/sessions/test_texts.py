"""Texts of any size and with any characters: what they cost, and which of them are the same."""

from time import thread_time
from typing import Any

import orjson
import pytest

from tests.factories import Learner, content, pointers
from tests.timing import tries
from vorex_sessions import text

MARKS = "\u0301\u0323"
FIELDS = {
    "topics": lambda long: [long],
    "areas_to_improve": lambda long: [long],
    "vocabulary_learned": lambda long: [long],
    "vocabulary_results": lambda long: [{"word": long, "outcome": "good"}],
}


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize(
    "long",
    [
        "a" + MARKS * 120_000,
        "a" + "\u0f73" * 150_000,
        ("a" + MARKS * 15) * 10_000,
        "\u1f82" * 150_000,
        "a\u200b" * 100_000,
        "x\u200c" * 100_000,
    ],
)
def test_a_long_text_is_refused_before_it_is_normalised(
    learner: Learner, field: str, long: str
) -> None:
    body = orjson.dumps(content(**{field: FIELDS[field](long)}))
    for attempt in tries():
        with attempt.under(0.5, thread_time):  # 20 s and more, where it is normalised
            refused = learner.post_raw(body)
    assert pointers(refused)[0].startswith(f"#/{field}/0")
    assert len(refused.data) < 1000


@pytest.mark.parametrize("mark", [MARKS[0], "\u0f73"])
def test_more_than_30_combining_marks_in_a_row_are_refused(learner: Learner, mark: str) -> None:
    for before in ("", "abc", "x" * 50):
        assert len(learner.save(topics=[f"{before}a{mark * 30}b"])["topics"]) == 1
        refused = learner.try_save(content(topics=[f"{before}a{mark * 31}"]))
        assert pointers(refused) == ["#/topics/0"]
        assert "30 combining marks" in refused.get_json()["detail"]


@pytest.mark.parametrize(
    ("path", "name"), [("history", "topic"), ("vocabulary", "q"), ("comparison", "level")]
)
def test_a_long_text_in_the_query_is_refused(learner: Learner, path: str, name: str) -> None:
    for value in ("a" + MARKS * 16, "\u1f82" * 201, "\u200b", "\u200c\ufeff"):
        refused = learner.request("GET", f"/api/sessions/{path}", query_string={name: value})
        assert pointers(refused) == [name]


@pytest.mark.parametrize(
    "spelling",
    [
        "essen",
        "\u200bessen",
        "es\u00adsen",
        "essen\u200e",
        "\u202eessen\u202c",
        "\u2067essen\u2069",
        "\ufeffessen",
        "es\u2060sen",
        " \u200f essen \u061c",
    ],
)
def test_invisible_characters_make_no_other_word(learner: Learner, spelling: str) -> None:
    learner.save(vocabulary_learned=["essen"], topics=["essen"])
    again: dict[str, Any] = learner.save(
        vocabulary_learned=[
            spelling,
            "\u200b",
            "\u2060 \ufeff",
            "\u200c",
            "\u3164",
            "\ufe0f",
            "\x01",
        ],
        vocabulary_results=[{"word": spelling, "outcome": "good"}],
        topics=[spelling, "\u00ad"],
    )
    assert again["vocabulary_learned"] == again["topics"] == ["essen"]
    assert [word["word"] for word in learner.get("/vocabulary")["words"]] == ["essen"]
    assert learner.get("/history", topic=spelling)["total"] == 2
    assert learner.get("/vocabulary", q=spelling)["total"] == 1
    blank = content(vocabulary_results=[{"word": "\u200b\u200c", "outcome": "good"}])
    assert pointers(learner.try_save(blank)) == ["#/vocabulary_results/0/word"]


@pytest.mark.parametrize(
    "word",
    [
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",  # Persian: the non-joiner is part of the spelling
        "ක්\u200dෂ",  # Sinhala: the joiner is
        "\u0647\u200d",  # Persian, the abbreviation for the lunar calendar, ends with one
        "👩\u200d🚀",
        "❤\ufe0f",
        "\u1828\u180e\u1820",  # Mongolian: a vowel separator
    ],
)
def test_characters_that_a_language_needs_stay(learner: Learner, word: str) -> None:
    assert learner.save(vocabulary_learned=[word])["vocabulary_learned"] == [word]
    assert learner.get("/vocabulary", q=word)["total"] == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ﬁsh", "FISH"),
        ("Straße", "STRASSE"),
        ("\uff34\uff25\uff21", "tea"),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
        ("①", "1"),
    ],
)
def test_texts_that_differ_in_case_or_width_are_one(learner: Learner, one: str, other: str) -> None:
    assert learner.save(topics=[one, other], areas_to_improve=[one, other])["topics"] == [one]
    learner.save(topics=[other], areas_to_improve=[other], vocabulary_learned=[other])
    learner.save(vocabulary_learned=[one])
    assert learner.get("/history", topic=other)["total"] == 2
    stats = learner.get("/stats", period="all")
    assert [topic["count"] for topic in stats["common_topics"]] == [2]
    assert [area["count"] for area in stats["areas_to_improve"]] == [2]
    for spelling in (one, other):
        assert learner.get("/vocabulary", q=spelling)["total"] == 2


def test_tidying_is_stable_for_every_character() -> None:
    for number in (*range(1, 0xD800), *range(0xE000, 0x110000)):
        tidied = text.tidy(chr(number), 4)
        assert tidied == chr(number) or text.tidy(tidied, 4) == tidied, hex(number)
