"""Pure: an insight in words, from the templates in wordings/, one file a locale.

In a template `{days}` is a slot for a fact, `{days:day|days}` the word that fits its number.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from vorex_sessions.insights.facts import Fact
from vorex_sessions.insights.formats import is_singular, shown

if TYPE_CHECKING:
    from babel import Locale  # formats.py says why not before it is needed

TONES = ("plain", "friendly")
_PLACE = re.compile(r"\{(\w+)(?::([^{}|]*)\|([^{}|]*))?\}")
SLOT = re.compile(r"\{(\w+)\}")


@lru_cache(maxsize=8)
def wordings(language: str) -> Mapping[str, Mapping[str, str]]:
    """The templates of a language: name -> headline, and body by tone. `scores`: the names of scores."""
    text = files("vorex_sessions.insights").joinpath(f"wordings/{language}.toml").read_text("utf-8")
    return tomllib.loads(text)


def headline(template: str, locale: "Locale") -> str:
    """The headline."""
    return wordings(locale.language)[template]["headline"]


def sentence(template: str, tone: str, facts: Iterable[Fact], locale: "Locale") -> str:
    """The body with its words chosen and its slots still empty."""
    singular = {fact.id: is_singular(fact, locale) for fact in facts if _counts(fact)}
    return with_words(template, tone, locale, singular)


def with_words(template: str, tone: str, locale: "Locale", singular: Mapping[str, bool]) -> str:
    """The same, of facts of which it is known whether they take the singular."""

    def word(place: re.Match[str]) -> str:
        name, one, other = place.groups()
        return place[0] if one is None else one if singular[name] else other

    return _PLACE.sub(word, wordings(locale.language)[template][tone])


def counted(template: str, tone: str, language: str) -> list[str]:
    """The facts whose number decides on a word."""
    found = _PLACE.finditer(wordings(language)[template][tone])
    return list(dict.fromkeys(place[1] for place in found if place[2] is not None))


def fill(text: str, facts: Iterable[Fact], locale: "Locale") -> str:
    """A sentence with the facts in its slots, each filled once: a learner's text may look like a slot."""
    names = dict(wordings(locale.language)["scores"])
    values = {fact.id: shown(fact, locale, names) for fact in facts}

    def value(place: re.Match[str]) -> str:
        # "a.m." at the end of a sentence has its full stop.
        ends = text.startswith(".", place.end())
        return values[place[1]].removesuffix(".") if ends else values[place[1]]

    return SLOT.sub(value, text)


def _counts(fact: Fact) -> Any:
    return fact.unit not in ("text", "score", "language", "date", "hour", "share")
