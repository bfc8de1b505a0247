"""Pure: the words of charts from the catalogue in wordings/, and numbers and dates as a locale writes them.

Words are there in a few languages, else in English; dates and numbers are in any locale that Babel knows.
Babel is loaded with the first chart: 4 MB of a worker, which many services never need.
"""

import re
import tomllib
from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import cached_property, lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from vorex_sessions.insights.formats import language_name

if TYPE_CHECKING:
    from babel import Locale

LANGUAGES = ("en", "de", "es", "fr", "ar")
_EXTENSIONS = re.compile("-[0-9a-z]-.*")  # of a canonical tag, private use included
_MOST_LOCALES = 64  # that Babel keeps: each has half a megabyte, and clients may name a thousand


@lru_cache(maxsize=len(LANGUAGES))
def _catalogue(language: str) -> Mapping[str, Mapping[str, Any]]:
    text = files("vorex_sessions.charts").joinpath(f"wordings/{language}.toml").read_text("utf-8")
    return tomllib.loads(text)


def _locale(tag: str) -> "Locale":
    """The locale of a language tag, without what Babel does not know; English without the language.

    Phones send extensions, such as `de-DE-u-fw-mon`, and regions in which nobody has this language.
    """
    from babel import localedata
    from babel.core import Locale, UnknownLocaleError

    if len(localedata._cache) > _MOST_LOCALES:
        localedata._cache.clear()  # Babel has no public way to forget
    language = tag.partition("-")[0]
    for known in (_EXTENSIONS.sub("", tag), language):
        try:
            locale = Locale.parse(known, sep="-")
        except (UnknownLocaleError, ValueError):
            continue
        # Babel guesses: `und` would be English of the United States.
        if locale.language == language:
            return locale
    return Locale("en")


class Words:
    """The words of a locale."""

    def __init__(self, tag: str) -> None:
        self.locale = _locale(tag)
        self.is_rtl = self.locale.text_direction == "rtl"
        self._is_known = self.locale.language in LANGUAGES
        self._catalogue = _catalogue(self.locale.language if self._is_known else LANGUAGES[0])
        self._plural_form = self.locale.plural_form if self._is_known else _english_plural
        self._days: dict[date, str] = {}

    @property
    def direction(self) -> str:
        """`ltr` or `rtl`."""
        return self.locale.text_direction

    def say(self, section: str, name: str, **slots: str) -> str:
        """A text of the catalogue with its slots filled."""
        text: str = self._catalogue[section][name]
        return text.format_map(slots) if slots else text

    def say_if_known(self, section: str, name: str) -> str | None:
        """A text of the catalogue, None where it has none of this name."""
        text: str | None = self._catalogue[section].get(name)
        return text

    def count(self, noun: str, value: float) -> str:
        """A number with its noun, in the form that the number asks for."""
        forms: Mapping[str, str] = self._catalogue["counts"][noun]
        form = forms.get(self._plural_form(value)) or forms["other"]
        return form.format_map({"n": self.number(value)})

    def number(self, value: float) -> str:
        """A number with at most one decimal."""
        return _number(value, self.locale)

    def percent(self, share: float) -> str:
        """A share of one as whole per cent."""
        from babel import numbers

        return numbers.format_percent(round(share, 2), locale=self.locale)

    def day(self, day: date) -> str:
        """A day with its year."""
        if day not in self._days:
            self._days[day] = self._dated("yMMMd", day)
        return self._days[day]

    def short_day(self, day: date) -> str:
        """A day without its year."""
        return self._dated("MMMd", day)

    def language(self, tag: str) -> str:
        """The name of a language as a sentence begins with it; the tag where it has none.

        It is a word of the catalogue's language, beside dates and numbers of any locale.
        """
        name = language_name(tag, self.locale if self._is_known else _locale(LANGUAGES[0]))
        return name if name == tag else name[:1].upper() + name[1:]

    def month(self, day: date) -> str:
        """The month of a day, with its year."""
        return self._dated("yMMMM", day)

    def hour(self, hour: int) -> str:
        """An hour of the day, with a unit or its minutes: a bare number could be anything."""
        from babel import dates

        moment, where = datetime(2000, 1, 1, hour, tzinfo=UTC), self.locale
        is_halved = "a" in str(dates.get_time_format("short", where))
        shown = dates.format_skeleton("h" if is_halved else "H", moment, locale=where)
        return dates.format_time(moment, "short", locale=where) if shown.isdecimal() else shown

    @cached_property
    def months(self) -> Mapping[int, str]:
        """Short names of months, from 1."""
        return dict(self.locale.months["stand-alone"]["abbreviated"])

    @cached_property
    def weekdays(self) -> Mapping[int, str]:
        """Short names of weekdays, Monday being 0."""
        return dict(self.locale.days["stand-alone"]["short"])

    @cached_property
    def long_weekdays(self) -> Mapping[int, str]:
        """Names of weekdays, Monday being 0."""
        return dict(self.locale.days["stand-alone"]["wide"])

    def _dated(self, skeleton: str, day: date) -> str:
        return str(_pattern(skeleton, self.locale).apply(day, self.locale))


def _english_plural(value: float) -> str:
    return "one" if value == 1 else "other"


@lru_cache(maxsize=256)
def _pattern(skeleton: str, locale: "Locale") -> Any:
    """The pattern of a skeleton such as yMMMd; to look it up takes longer than to apply it."""
    from babel import dates

    skeletons = locale.datetime_skeletons
    found = skeleton if skeleton in skeletons else dates.match_skeleton(skeleton, skeletons)
    return (
        dates.parse_pattern(skeletons[found]) if found else dates.get_date_format("medium", locale)
    )


@lru_cache(maxsize=4096)
def _number(value: float, locale: "Locale") -> str:
    from babel import numbers

    return numbers.format_decimal(value, format="#,##0.#", locale=locale)


@lru_cache(maxsize=32)
def words_of(tag: str) -> Words:
    """The words of a language tag."""
    return Words(tag)
