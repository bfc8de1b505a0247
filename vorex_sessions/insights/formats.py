"""Pure: how a fact is shown in a locale, and which word fits its number (Unicode CLDR, by Babel).

Babel is loaded with the first insight: 4 MB of a worker, which many services never need.
"""

import re
from datetime import date, time
from decimal import ROUND_HALF_EVEN, Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from vorex_sessions.insights.facts import Fact

if TYPE_CHECKING:
    from babel import Locale

LOCALES = ("en", "de", "es", "fr")
DEFAULT = LOCALES[0]
_ONE_DECIMAL = Decimal("0.1")


@lru_cache(maxsize=256)
def locale_of(tag: str) -> "Locale":
    """The locale of a language tag, with its region where that is known; English where nothing is worded."""
    from babel.core import Locale, UnknownLocaleError

    parts = tag.split("-")
    language = parts[0] if parts[0] in LOCALES else DEFAULT
    region = next((part for part in parts[1:] if len(part) == 2 and part.isupper()), None)
    try:
        return Locale(language, region if language == parts[0] else None)
    except UnknownLocaleError:
        return Locale(language)


def shown(fact: Fact, locale: "Locale", names: dict[str, str]) -> str:
    """The value as text; `names` are those of the scores in this locale."""
    from babel import dates, numbers

    value: Any = fact.value
    if fact.unit == "text":
        return str(value)
    if fact.unit == "score":
        return names[value]
    if fact.unit == "language":
        return language_name(value, locale)
    if fact.unit == "date":
        day = dates.format_skeleton("MMMMd", _day(value), locale=locale)
        # Unicode has no ordinal numbers of days; in French the first of a month has one.
        return re.sub(r"^1 ", "1er ", day) if locale.language == "fr" else day
    if fact.unit == "hour" and locale.language == "fr":
        return f"{value}\u00a0h"  # as people say it; Unicode has 08:00
    if fact.unit == "hour":
        return dates.format_time(time(value), "short", locale=locale)
    if fact.unit == "share":
        return numbers.format_percent(number(fact), locale=locale)
    return numbers.format_decimal(number(fact), format="#,##0.#", locale=locale)


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


def is_singular(fact: Fact, locale: "Locale") -> bool:
    """Whether the number takes the first of two forms of a word; 0 and 1.5 do in French."""
    return locale.plural_form(number(fact)) == "one"


def language_name(tag: str, locale: "Locale") -> str:
    """The name of a language: that of its variety, or with its region; else the tag itself."""
    from babel.core import Locale, UnknownLocaleError

    try:
        named = Locale.parse(tag, sep="-")
    except (UnknownLocaleError, ValueError):
        return tag
    # Babel guesses: `und` would be English of the United States.
    first, *rest = tag.split("-")
    is_guessed = named.language != first or (named.territory or "") not in ("", *rest)
    if is_guessed:
        return tag
    # In German such a name has an adjective, which would need a case: "auf Österreichisches Deutsch".
    own = None if locale.language == "de" else locale.languages.get(tag.replace("-", "_"))
    return own or named.get_display_name(locale) or tag


def _day(value: Any) -> date:
    return value if isinstance(value, date) else date.fromisoformat(value)
