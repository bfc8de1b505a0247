"""Pure: the words that the gate looks for, from wordings/gate.toml."""

import re
import tomllib
from importlib.resources import files
from string import ascii_lowercase

from vorex_sessions.insights.formats import LOCALES

_WORDS = tomllib.loads(
    files("vorex_sessions.insights").joinpath("wordings/gate.toml").read_text("utf-8")
)
UP, DOWN, FLAT = "up", "down", "flat"
WORD = r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*"  # of letters, with apostrophes or hyphens within


def lower(text: str) -> str:
    """A text as the lists are written: in lower case, with one kind of apostrophe."""
    return text.casefold().replace("'", "\u2019")


def _any_of(patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns.split()))


NUMBERS = frozenset(_WORDS["numbers"].split())
NUMBER_FORMS = _any_of(_WORDS["number_forms"])
BEFORE_SLOTS = frozenset(_WORDS["before_slots"].split())
DOUBTS = frozenset(_WORDS["doubts"].split())
NEGATIONS = frozenset(_WORDS["negations"].split())
REFUSALS = frozenset(_WORDS["refusals"].split())
COMMON = {
    language: frozenset(_WORDS[language]["common"].replace("'", "\u2019").split())
    for language in LOCALES
}
DIRECTIONS = {
    language: {name: _any_of(_WORDS[language][name]) for name in (UP, DOWN, FLAT)}
    for language in LOCALES
}
TIMES = {language: _any_of(_WORDS[language]["times"]) for language in LOCALES}
LETTERS = {
    language: frozenset(ascii_lowercase + _WORDS[language]["letters"]) for language in LOCALES
}


def _phrases(written: str) -> frozenset[str]:
    return frozenset(one.strip() for one in written.split("|"))


def _same(lines: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    """What to put for a word or phrase, so that those that mean the same are the same."""
    groups = (line.split(":") for line in lines.strip().splitlines())
    return tuple(
        (re.compile(rf"\b(?:{'|'.join(sorted(_phrases(others)))})\b"), own)
        for own, others in groups
    )


NEUTRAL = {language: frozenset(_WORDS[language]["neutral"].split()) for language in LOCALES}
SAME = {language: _same(_WORDS[language]["same"]) for language in LOCALES}
REMARKS = {language: _phrases(_WORDS[language]["remarks"]) for language in LOCALES}
PRAISE = {language: _phrases(_WORDS[language]["praise"]) for language in LOCALES}
