"""Pure: normalises texts."""

import re
import unicodedata
from collections.abc import Callable, Iterable

UUID_PATTERN = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def tidy(text: str) -> str:
    """Return the text NFC-normalised and trimmed, with single spaces for white space."""
    normal = text if text.isascii() else unicodedata.normalize("NFC", text)
    return " ".join(normal.split())


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
