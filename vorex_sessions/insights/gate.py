"""Pure: what a language model has written, checked. What does not pass reaches nobody.

The gate knows what a text may have, not all that it must not: the letters of its language, a little
punctuation, the given slots, and what gate_meaning.py allows. The lists of bad words come first: their
reasons tell the model, and who counts them, more than "meaning" does.
"""

import re
import unicodedata
from collections.abc import Set

from vorex_sessions.insights.gate_meaning import says_the_same
from vorex_sessions.insights.gate_words import (
    BEFORE_SLOTS,
    COMMON,
    DIRECTIONS,
    DOUBTS,
    DOWN,
    FLAT,
    LETTERS,
    NEGATIONS,
    NEUTRAL,
    NUMBER_FORMS,
    NUMBERS,
    REFUSALS,
    TIMES,
    UP,
    WORD,
    lower,
)
from vorex_sessions.insights.shapes import Shape

REASONS = (
    *("shape", "length", "characters", "slots", "address", "digit", "number_word", "direction"),
    *("negation", "refusal", "time", "language", "meaning"),
)
_DIRECTION = {
    **dict.fromkeys(("trend_up", "trend_up_of", "more_practice_week", "more_practice_month"), UP),
    **dict.fromkeys(("trend_down", "trend_down_of", "word_slipping"), DOWN),
    **dict.fromkeys(("less_practice_week", "less_practice_month"), DOWN),
    **dict.fromkeys(("plateau", "plateau_of"), FLAT),
}
_SLOT = re.compile(r"\{f\d\}")
_PUNCTUATION = frozenset(" \u00a0\u202f.,;:!?¡¿'\u2019“”„«»()\u2013—-…")
_WORD = re.compile(WORD)
_ADDRESS = re.compile(r"\w[.:@/]\w|\bwww\b|\bhttps?\b")
_ROMAN = re.compile(r"\b(?:[IVXLCDM]{2,}|[IVXivx]{2,}|[VXvx])\b")
# What would change a value beside it: a minus, a point, a letter.
_TOUCHED = re.compile(r"[^\s(«„“¿¡]\{f|[-\u2013—]\s*\{f|\}[^\s.,;:!?)»”…]|\}[.,:]\S")
# Signs that hint at more: quotes of irony, and what stands twice.
_HINTING = re.compile(r"(?<![^\W\d_])['\u2019]|['\u2019](?![^\W\d_])|[.,;:!?…]\s*[.,;:!?…]")
_WITH_WORD_BEFORE = re.compile(r"(?:([^\W\d_]+)['\u2019]?[\s,;:]+)?\{f\d\}")
_UP_TO_SLOTS = re.compile(r"[^.!?…]*\{f\d\}")
_LONGER, _SHORTER = 1.8, 0.3  # than the template
_MORE = 40  # characters
_UNKNOWN = 2  # words that may be of no list, such as a greeting


def refusal(shape: Shape, text: object) -> str | None:
    """Why a text does not pass; None: it may be shown."""
    if not isinstance(text, str) or not text.strip():
        return "shape"
    if not len(shape.sentence) * _SHORTER <= len(text) <= len(shape.sentence) * _LONGER + _MORE:
        return "length"
    if _SLOT.findall(text) != _SLOT.findall(shape.sentence):  # each once, in the same order
        return "slots"
    if _TOUCHED.search(text) or _has_other_meaning(shape, text):
        return "slots"
    free = _SLOT.sub(" ", text)
    if any(unicodedata.category(sign).startswith("N") for sign in free):
        return "digit"
    letters = LETTERS[shape.language]
    if (
        not all(sign in _PUNCTUATION or sign.lower() in letters for sign in free)
        or unicodedata.normalize("NFC", text) != text
        or _HINTING.search(_SLOT.sub("x", text))
    ):
        return "characters"
    if _ADDRESS.search(_SLOT.sub("_", text)):
        return "address"
    if _ROMAN.search(free):
        return "number_word"
    if wrong := _wrong_word(shape, free):
        return wrong
    rises = _DIRECTION.get(shape.template) == UP
    is_same = says_the_same(shape.sentence, text, shape.language, rises=rises)
    return None if is_same else "meaning"


def _has_other_meaning(shape: Shape, text: str) -> bool:
    """Whether words before a slot, which the template has not, change what the value means."""
    pairs = zip(
        _WITH_WORD_BEFORE.findall(text), _WITH_WORD_BEFORE.findall(shape.sentence), strict=True
    )
    told = " ".join(_UP_TO_SLOTS.findall(text))
    if (DOUBTS & set(_words(told))) - set(_words(shape.sentence)):
        return True
    # A small word, too: "um die 5 Punkte" is about so many.
    changing = BEFORE_SLOTS | NEUTRAL[shape.language]
    return any(new != own and new.casefold() in changing for new, own in pairs)


def _wrong_word(shape: Shape, text: str) -> str | None:
    given = set(_words(_SLOT.sub(" ", shape.sentence)))
    words = _words(text)
    added = [word for word in words if word not in given]
    if any(word in NUMBERS or NUMBER_FORMS.fullmatch(word) for word in added):
        return "number_word"
    if not _has_its_direction(shape, words, added, given):
        return "direction"
    if any(word in NEGATIONS or word.endswith("n\u2019t") for word in added):
        return "negation"
    if any(word in REFUSALS for word in added):
        return "refusal"
    if any(TIMES[shape.language].fullmatch(word) for word in added):
        return "time"
    return None if _is_of_language(shape.language, words, given) else "language"


def _words(text: str) -> list[str]:
    """The words in lower case, and the parts of those that have an apostrophe or a hyphen."""
    whole = _WORD.findall(lower(text))
    parts = [part for word in whole for part in re.split("[\u2019-]", word) if part != word]
    return [*whole, *parts]


def _has_its_direction(shape: Shape, words: list[str], added: list[str], given: set[str]) -> bool:
    """No word of another direction is new, and where the template says its own in words, the text does."""
    own, patterns = _DIRECTION.get(shape.template), DIRECTIONS[shape.language]
    for other, pattern in patterns.items():
        if other == own:
            said = any(pattern.fullmatch(word) for word in given)
            if said and not any(pattern.fullmatch(word) for word in words):
                return False
        elif any(pattern.fullmatch(word) for word in added):
            return False
    return True


def _is_of_language(language: str, words: list[str], given: set[str]) -> bool:
    """Whether more known words are of this language than of any other; of the added ones no fewer."""
    added = [word for word in words if word not in given]
    own, others = _known(language, words, given)
    own_added, others_added = _known(language, added, frozenset())
    if words and own <= others:
        return False
    return own_added >= others_added and own_added * 4 >= len(added) - _UNKNOWN


def _known(language: str, words: list[str], given: Set[str]) -> tuple[int, int]:
    """How many words are known as of this language, and the most as of another one."""
    known = {name: sum(word in common for word in words) for name, common in COMMON.items()}
    del known[language]
    own = sum(word in COMMON[language] or word in given for word in words)
    return own, max(known.values())
