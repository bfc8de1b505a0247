"""Which words of a save are new: what the totals count and achievements of vocabulary are unlocked by."""

from uuid import uuid4

import pytest

from tests.clock import ago
from tests.factories import Learner, content
from tests.growth.test_growth import batch, keys

pytestmark = pytest.mark.one_and_several


def distinct_words(learner: Learner) -> int:
    (totals,) = learner.get("/export")["totals"]
    return int(totals["distinct_words"])


def session(**fields: object) -> dict:
    return content(session_result_id=str(uuid4()), completed_at=ago(0), **fields)


def test_a_word_that_two_sessions_of_a_batch_name_is_new_once(learner: Learner) -> None:
    learner.save(vocabulary_learned=["old"])
    batch(
        learner,
        [session(vocabulary_learned=["old", "new"]), session(vocabulary_learned=["new", "old"])],
    )
    assert distinct_words(learner) == 2
    batch(learner, [session(vocabulary_learned=["new"]), session(vocabulary_learned=["third"])])
    assert distinct_words(learner) == 3


def test_a_word_that_is_learned_and_tested_in_one_session_is_new_once(learner: Learner) -> None:
    tested = [{"word": "a word", "outcome": "good"}, {"word": "a word", "outcome": "again"}]
    for expected in (1, 1):
        learner.save(vocabulary_learned=["a word"], vocabulary_results=tested)
        assert distinct_words(learner) == expected


def test_a_word_is_new_in_each_language(learner: Learner) -> None:
    learner.save(vocabulary_learned=["gift"], language="en")
    for language, expected in (("de", 2), ("de", 2), ("en", 2)):
        learner.save(vocabulary_learned=["gift"], language=language)
        assert distinct_words(learner) == expected


def test_the_session_with_the_hundredth_word_unlocks_though_it_names_old_ones_too(
    learner: Learner,
) -> None:
    first = [f"word {number}" for number in range(99)]
    learner.save(vocabulary_learned=first)
    assert "words_100" not in keys(learner.save_answer(vocabulary_learned=first))
    assert "words_100" in keys(learner.save_answer(vocabulary_learned=[*first, "one more"]))


def test_a_replay_counts_no_word_again(learner: Learner) -> None:
    sent = session(vocabulary_learned=["once"])
    for status in (201, 200):
        assert learner.try_save(sent).status_code == status
        assert distinct_words(learner) == 1
    learner.save(vocabulary_learned=["once", "more"])
    assert distinct_words(learner) == 2


def test_a_large_batch_counts_the_words_that_were_not_there(learner: Learner) -> None:
    def sessions(first: int) -> list[dict]:
        words = [f"word {number}" for number in range(first, first + 4500)]
        return [session(vocabulary_learned=words[at : at + 450]) for at in range(0, 4500, 450)]

    for first, expected in ((0, 4500), (0, 4500), (100, 4600)):
        batch(learner, sessions(first))
        assert distinct_words(learner) == expected
