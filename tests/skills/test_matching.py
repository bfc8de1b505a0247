"""Precision and recall of the matcher on labels of tutors, which were written before the matcher."""

import csv
from pathlib import Path
from random import Random

import pytest
from rapidfuzz import fuzz

from vorex_sessions.skill_graph import SKILLS
from vorex_sessions.skills.matching import _ALIASES, _ENOUGH, _TOO_BROAD, _words, skill_of

with (Path(__file__).parent / "labels.csv").open(newline="") as file:
    LABELS = [(row["label"], row["skill"].split("|")) for row in csv.DictReader(file)]


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
        words = " ".join(_words(label)) or " ".join(_words(label, keep=True))
        if words in _ALIASES or words in _TOO_BROAD:
            return _ALIASES.get(words)
        likeness = (
            ((fuzz.token_set_ratio(words, name) + fuzz.token_sort_ratio(words, name)) / 2, name)
            for name in _ALIASES
            if fuzz.token_set_ratio(words, name) >= _ENOUGH
        )
        best, name = max(likeness, default=(0.0, ""))
        return _ALIASES[name] if best >= _ENOUGH else None

    random = Random(3)
    names = [label for label, _ in LABELS]
    pairs = [
        f"{random.choice(names)} {random.choice(names)}"[: random.randint(5, 60)] for _ in names
    ]
    assert [skill_of(label) for label in [*names, *pairs]] == [
        slow(label) for label in [*names, *pairs]
    ]
