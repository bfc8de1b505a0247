"""Pure: normalises texts."""

import re
import unicodedata
from collections.abc import Callable, Iterable

UUID_PATTERN = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


STORABLE_RULE = "must not contain NUL or a lone surrogate"
# Format characters that nobody sees and no language needs: soft hyphen, direction marks and overrides,
# zero-width space, word joiner, byte order mark. Joiner and non-joiner stay.
_INVISIBLE = "\xad\u061c\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\ufeff" + "".join(
    map(chr, range(0x2060, 0x2070))
)
# What shows nothing where it stands alone: control characters, joiners, fillers, variation selectors, tags.
_BLANK = re.compile(
    "[ \x01-\x1f\x7f-\x9f\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200c\u200d\u2800\u3164"
    "\ufe00-\ufe0f\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]*"
)
_LONGEST_SEQUENCE = 4  # the most characters that NFC makes one of
_MOST_MARKS = (
    30  # in a row, as in the Stream-Safe Text Format (UAX #15): to normalise n costs n * n
)
_START_WITH_MARKS = "\u0f73\u0f75\u0f81"  # once they are decomposed
_A_MARK = "\u0301"
# Combining classes that make another letter, not an accent: nukta, kana voicing, virama; 0 is no mark.
_NO_ACCENTS = (0, 7, 8, 9)


def tidy(text: str, most: int) -> str:
    """Return the text trimmed, NFC-normalised, with single spaces, without invisible characters.

    A text that shows nothing becomes "". Raises ValueError with the rule that the text breaks.
    """
    plain = " ".join(text.split())
    if not (plain.isascii() and plain.isprintable()):
        plain = _tidy_unicode(plain, most)
    if len(plain) > most:
        raise ValueError(f"must be at most {most} characters long")
    return plain


def _tidy_unicode(text: str, most: int) -> str:
    if not storable(text):
        raise ValueError(STORABLE_RULE)
    if not text.isprintable():  # as is each of _INVISIBLE
        for character in _INVISIBLE:  # faster than an expression, also where there are many
            text = text.replace(character, "")
        text = " ".join(text.split())
    if _BLANK.fullmatch(text):
        return ""
    if len(text) > _LONGEST_SEQUENCE * most:  # it stays too long
        return text
    if len(text) > _MOST_MARKS and _has_long_run(text):
        raise ValueError(f"must not have more than {_MOST_MARKS} combining marks in a row")
    return unicodedata.normalize("NFC", text)


def _has_long_run(text: str) -> bool:
    for character in _START_WITH_MARKS:
        text = text.replace(character, _A_MARK)
    some = text[_MOST_MARKS :: _MOST_MARKS + 1]  # every long run has one of these
    if not any(map(unicodedata.combining, some)):
        return False
    runs = bytes(map(unicodedata.combining, text)).split(b"\0")
    return max(map(len, runs)) > _MOST_MARKS


def fold(text: str) -> str:
    """Return the form in which texts that differ only in case are equal; `text` is tidied."""
    return text.lower() if text.isascii() else unicodedata.normalize("NFKC", text).casefold()


def without_accents(text: str) -> str:
    """Return the form in which texts that differ only in case and accents are equal; `text` is tidied."""
    folded = fold(text)
    if folded.isascii():
        return folded
    characters = unicodedata.normalize("NFKD", folded)
    plain = "".join(c for c in characters if unicodedata.combining(c) in _NO_ACCENTS)
    return unicodedata.normalize("NFC", plain)


def storable(text: str) -> bool:
    """Whether PostgreSQL can hold the text: no NUL and no lone surrogate."""
    if "\x00" in text:
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def distinct(texts: Iterable[str], key: Callable[[str], str] = str) -> list[str]:
    """Return the non-empty texts in order, the first of those with an equal `key`."""
    first: dict[str, str] = {}
    for text in texts:
        if text:
            first.setdefault(key(text), text)
    return list(first.values())


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: `1 learner`, `2 learners`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
