"""Precision and recall of the matcher on labels of tutors, which were written before the matcher."""

import csv
from pathlib import Path
from random import Random

import pytest
from rapidfuzz import fuzz

from vorex_sessions.skill_graph import GRAPHS
from vorex_sessions.skills import matching
from vorex_sessions.skills.matching import _ENOUGH, _TOO_BROAD, _words

GRAPH = GRAPHS["en"]
SKILLS = GRAPH.skills
NAMES = matching.NAMES[GRAPH]

with (Path(__file__).parent / "labels.csv").open(newline="") as file:
    LABELS = [(row["label"], row["skill"].split("|")) for row in csv.DictReader(file)]


def skill_of(label: str) -> str | None:
    return matching.skill_of(label, GRAPH)


def test_labels_are_matched_with_precision_and_recall() -> None:
    assert len(LABELS) >= 150
    assert {skill for _, skills in LABELS for skill in skills if skill} <= set(SKILLS)
    matches = [(skill_of(label), skills) for label, skills in LABELS]
    named = [skill in skills for skill, skills in matches if skill]
    meant = [skill in skills for skill, skills in matches if skills != [""]]
    assert sum(named) / len(named) >= 0.95, "precision"
    assert sum(meant) / len(meant) >= 0.8, "recall"


@pytest.mark.parametrize(
    "label", ["Past Tense", "past tenses", "PAST TENSE!", "use of the past tense", "tense, past"]
)
def test_case_plural_and_order_do_not_matter(label: str) -> None:
    assert skill_of(label) == "past-simple"


@pytest.mark.parametrize("label", ["", "...", "the", "grammar", "🙂", "x" * 200, "сложно"])
def test_what_means_no_skill_is_none(label: str) -> None:
    assert skill_of(label) is None


# Labels that are a part of a name, or near one, and what they mean: mostly nothing.
NEAR = {
    "vocabulary": None,
    "Vocabulary words": None,
    "new vocabulary": None,
    "more vocabulary practice": None,
    "work on vocabulary": None,
    "work vocabulary": "work-words",
    "vocabulary range": "synonyms-range",
    "travel": "travel-words",
    "travel vocabulary": "travel-words",
    "verbs": None,
    "Verb": None,
    "verb forms": None,
    "needs work on verbs": None,
    "verb tenses": "sequence-of-tenses",
    "to be": "verb-to-be",
    "phrasal verbs": "phrasal-verbs",
    "iregular verbs": "irregular-verbs",
    "conversation": None,
    "conversation practice": None,
    "phone conversations": "phone-calls",
    "starting a conversation": "small-talk",
    "sounds": None,
    "sound": None,
    "working on sounds": None,
    "r sound": "r-sound",
    "th sounds": "th-sound",
    "vowel sounds": "vowel-sounds",
    "pronunciation of words": None,
    "pronunciation of vowels": "vowel-sounds",
    "tense": None,
    "tense endings": None,
    "past tense endings": "past-simple",
    "past": None,
    "perfect": None,
    "simple": None,
    "words": None,
    "word order": "basic-word-order",
    "sentences": None,
    "sentence structure": "basic-word-order",
    "speaking": None,
    "speaking speed": "speaking-pace",
    "grammar and vocabulary": None,
    "sounds and words": None,
    "work": None,
    "time": None,
    "time expressions": "time-and-dates",
    "going to": "future-forms",
    "thinking": None,
    "thanking": "polite-words",
    "location": None,
    "native": None,
    "direct": None,
    "articels": "articles",
    "prepostions": "prepositions",
}


@pytest.mark.parametrize("label", NEAR)
def test_a_label_that_is_too_wide_means_no_skill(label: str) -> None:
    assert skill_of(label) == NEAR[label]


def test_no_single_word_of_a_name_means_more_than_it_says() -> None:
    """Unless it is a name itself."""
    names = [name for skill in SKILLS.values() for name in (skill.name, *skill.aliases, skill.key)]
    single = {name.casefold().removesuffix("s") for name in names if " " not in name}
    wide = {word for name in names for word in name.casefold().split() if len(word) > 3}
    wrong = {
        word: skill_of(word)
        for word in wide
        if word.isalpha() and word.removesuffix("s") not in single and skill_of(word)
    }
    assert not wrong


def test_every_name_of_a_skill_means_it() -> None:
    wrong = [
        (name, skill.key)
        for skill in SKILLS.values()
        for name in (skill.name, *skill.aliases)
        if skill_of(name) != skill.key
    ]
    assert not wrong


def test_the_quick_comparison_finds_what_comparing_with_every_name_finds() -> None:
    def slow(label: str) -> str | None:
        every = " ".join(_words(label, keep=True))
        words = " ".join(_words(label)) or every
        if every in NAMES.aliases or words in (*NAMES.aliases, *_TOO_BROAD, *NAMES.words):
            return NAMES.aliases.get(every) or NAMES.aliases.get(words)
        likeness = (
            ((fuzz.token_set_ratio(words, name) + fuzz.token_sort_ratio(words, name)) / 2, name)
            for name in NAMES.aliases
            if fuzz.token_set_ratio(words, name) >= _ENOUGH
            and (
                not NAMES.general.issuperset(words.split())
                or {*words.split()}.issuperset(name.split())
            )
        )
        best, name = max(likeness, default=(0.0, ""))
        return NAMES.aliases[name] if best >= _ENOUGH else None

    random = Random(3)
    names = [label for label, _ in LABELS]
    pairs = [
        f"{random.choice(names)} {random.choice(names)}"[: random.randint(5, 60)] for _ in names
    ]
    assert [skill_of(label) for label in [*names, *pairs]] == [
        slow(label) for label in [*names, *pairs]
    ]
