"""Pure: what a language model is given of a wording: a sentence with slots, and no value of anybody.

A slot stands for a value with its meaning: from the first number on to the end of its sentence, so that
no model can give a number another unit or swap two. A name or a learner's word is a slot, with its quotes.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from hashlib import blake2b
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

import orjson

from vorex_sessions.insights import wording
from vorex_sessions.insights.facts import Fact
from vorex_sessions.insights.formats import LOCALES, locale_of

if TYPE_CHECKING:
    from babel import Locale  # formats.py says why not before it is needed

_NAMES = frozenset({"word", "skill", "score", "language"})
_END = re.compile(r"[.!?](?=\s|$)|$")
_OPENED, _CLOSED = re.compile("[“„«]\u00a0?$"), re.compile("^\u00a0?[”“»]")
_SLOT_OF_MODEL = re.compile(r"\{f(\d)\}")


class Shape(NamedTuple):
    """A wording without values: `sentence` has {f1}, {f2} …, `phrases` what these stand for, with {days} …"""

    template: str
    tone: str
    language: str
    sentence: str
    phrases: tuple[str, ...]

    def key(self, *more: str) -> str:
        """A digest of the sentence: what it has outside its slots does not depend on the words in them."""
        asked = [self.template, self.tone, self.language, self.sentence, *more]
        return blake2b(orjson.dumps(asked), digest_size=16).hexdigest()

    def with_phrases(self, text: str) -> str:
        """A model's text with the phrases in its slots: the slots of the facts are left."""
        return _SLOT_OF_MODEL.sub(lambda slot: self.phrases[int(slot[1]) - 1], text)


def shape_of(template: str, tone: str, facts: Iterable[Fact], locale: "Locale") -> Shape:
    """The shape of an insight."""
    sentence = wording.sentence(template, tone, facts, locale)
    return Shape(template, tone, locale.language, *_bound(sentence))


@lru_cache(maxsize=1)
def all_shapes() -> tuple[Shape, ...]:
    """A shape for every sentence that an insight can have: a few hundred, of all learners together."""
    return tuple({shape.key(): shape for shape in _every()}.values())


def _every() -> Iterator[Shape]:
    for language in LOCALES:
        for template in wording.wordings(language):
            if template != "scores":
                yield from _of_template(template, locale_of(language))


def _of_template(template: str, locale: "Locale") -> Iterator[Shape]:
    for tone in wording.TONES:
        counted = wording.counted(template, tone, locale.language)
        for numbers in product((True, False), repeat=len(counted)):
            singular = dict(zip(counted, numbers, strict=True))
            sentence = wording.with_words(template, tone, locale, singular)
            yield Shape(template, tone, locale.language, *_bound(sentence))


def _bound(sentence: str) -> tuple[str, tuple[str, ...]]:
    """The sentence with {f1} …, and what these stand for."""
    parts: list[str] = []
    phrases: list[str] = []
    place = 0
    while slot := wording.SLOT.search(sentence, place):
        start, end = slot.span()
        if slot[1] in _NAMES:
            opened = _OPENED.search(sentence[place:start])
            closed = _CLOSED.search(sentence[end:])
            if opened and closed:
                start, end = place + opened.start(), end + closed.end()
        elif found := _END.search(sentence, end):
            end = found.start()
        phrases.append(sentence[start:end])
        parts += [sentence[place:start], f"{{f{len(phrases)}}}"]
        place = end
    return "".join([*parts, sentence[place:]]), tuple(phrases)
