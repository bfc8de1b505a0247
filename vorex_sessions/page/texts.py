"""Pure: the words of the page, one file a language in texts/, and which of them a reader gets."""

import tomllib
from collections.abc import Iterable, Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any

import language_tags
from vorex_sessions.charts.words import LANGUAGES, Words, words_of

DEFAULT = LANGUAGES[0]
_KEPT = "\u00a0"  # a space at which no line ends


@lru_cache(maxsize=len(LANGUAGES))
def _texts(language: str) -> Mapping[str, Mapping[str, str]]:
    text = files("vorex_sessions.page").joinpath(f"texts/{language}.toml").read_text("utf-8")
    return tomllib.loads(text)


class Texts:
    """The words of a locale; `words` writes its numbers and dates."""

    def __init__(self, tag: str) -> None:
        self.tag = tag
        self.words: Words = words_of(tag)
        self._texts = _texts(tag.partition("-")[0])

    def say(self, section: str, name: str, **slots: str) -> str:
        """A text with its slots filled. A slot's text may have braces: it is filled in once."""
        text = self._texts[section][name]
        return text.format_map(slots) if slots else text

    def duration(self, seconds: int) -> str:
        """A time in hours and minutes, rounded to minutes; below an hour with a tenth of a minute.

        Where it takes two lines, they part between hours and minutes, not between a number and its unit.
        """
        # Babel is loaded where it is needed (charts/words.py).
        from babel.units import format_unit

        where: Any = {"locale": self.words.locale}
        if seconds < 3600:
            shown = format_unit(round(seconds / 60, 1), "duration-minute", "short", **where)
            return shown.replace(" ", _KEPT)
        hours, minutes = divmod(round(seconds / 60), 60)
        parts = (("hour", hours), ("minute", minutes))
        return " ".join(
            format_unit(value, f"duration-{unit}", "narrow", **where).replace(" ", _KEPT)
            for unit, value in parts
            if value
        )


def choose(asked: str | None, accepted: Iterable[str]) -> str:
    """The locale for a reader: the one that is asked for, else the first accepted one that has words."""
    for tag in (asked, *accepted):
        try:
            canonical = language_tags.canonical(tag or "")
        except ValueError:
            continue
        if canonical.partition("-")[0] in LANGUAGES:
            return canonical
    return DEFAULT
