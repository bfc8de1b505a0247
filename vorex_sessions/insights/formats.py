"""Pure: how a fact is shown in a locale, and which word fits its number (Unicode CLDR, by Babel)."""

from datetime import date, time
from decimal import ROUND_HALF_EVEN, Decimal
from functools import lru_cache
from typing import Any

from babel import Locale
from babel.core import UnknownLocaleError
from babel.dates import format_skeleton, format_time
from babel.numbers import format_decimal, format_percent

from vorex_sessions.insights.facts import Fact

LOCALES = ("en", "de", "es", "fr")
DEFAULT = LOCALES[0]
_ONE_DECIMAL = Decimal("0.1")


@lru_cache(maxsize=256)
def locale_of(tag: str) -> Locale:
    """The locale of a language tag, with its region where that is known; English where nothing is worded."""
    parts = tag.split("-")
    language = parts[0] if parts[0] in LOCALES else DEFAULT
    region = next((part for part in parts[1:] if len(part) == 2 and part.isupper()), None)
    try:
        return Locale(language, region if language == parts[0] else None)
    except UnknownLocaleError:
        return Locale(language)


def shown(fact: Fact, locale: Locale, names: dict[str, str]) -> str:
    """The value as text; `names` are those of the scores in this locale."""
    value: Any = fact.value
    if fact.unit == "text":
        return str(value)
    if fact.unit == "score":
        return names[value]
    if fact.unit == "language":
        return _language(value, locale)
    if fact.unit == "date":
        return format_skeleton("MMMMd", _day(value), locale=locale)
    if fact.unit == "hour":
        return format_time(time(value), "short", locale=locale)
    if fact.unit == "share":
        return format_percent(number(fact), locale=locale)
    return format_decimal(number(fact), format="#,##0.#", locale=locale)


def number(fact: Fact) -> Decimal:
    """The number that is shown: seconds as whole minutes, points without a sign and with one decimal."""
    value = Decimal(str(fact.value))
    if fact.unit == "seconds":
        return (value / 60).quantize(Decimal(1), ROUND_HALF_EVEN)
    if fact.unit == "share":
        return value.quantize(Decimal("0.01"), ROUND_HALF_EVEN)
    if fact.unit == "points":
        return abs(value).quantize(_ONE_DECIMAL, ROUND_HALF_EVEN).normalize()
    return value


def is_singular(fact: Fact, locale: Locale) -> bool:
    """Whether the number takes the first of two forms of a word; 0 and 1.5 do in French."""
    return locale.plural_form(number(fact)) == "one"


def _language(tag: str, locale: Locale) -> str:
    """The name of a language: with its region where there is one, else the tag itself."""
    try:
        named = Locale.parse(tag, sep="-")
    except (UnknownLocaleError, ValueError):
        return tag
    # Babel guesses: `und` would be English of the United States.
    first, *rest = tag.split("-")
    is_guessed = named.language != first or (named.territory or "") not in ("", *rest)
    return (None if is_guessed else named.get_display_name(locale)) or tag


def _day(value: Any) -> date:
    return value if isinstance(value, date) else date.fromisoformat(value)
