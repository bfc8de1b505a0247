"""The catalogues: each has the same texts and slots, and each form that its numbers ask for."""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import pytest

from vorex_sessions.charts.words import LANGUAGES, _catalogue, words_of


def texts(node: Mapping[str, Any], place: str = "") -> Iterator[tuple[str, str]]:
    for name, inner in node.items():
        if isinstance(inner, str):
            yield f"{place}{name}", inner
        else:
            yield from texts(inner, f"{place}{name}.")


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_has_every_text_with_the_same_slots(language: str) -> None:
    slots = re.compile(r"\{(\w+)\}")
    english, own = _catalogue("en"), _catalogue(language)
    assert own["counts"].keys() == english["counts"].keys()
    there = {name: text for name, text in texts(english) if not name.startswith("counts.")}
    here = {name: text for name, text in texts(own) if not name.startswith("counts.")}
    assert here.keys() == there.keys()
    for name, text in here.items():
        assert sorted(slots.findall(text)) == sorted(slots.findall(there[name])), name


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_number_has_its_form(language: str) -> None:
    rules = words_of(language).locale.plural_form
    asked = {rules(number) for number in (*range(120), 0.5, 1.5)} | {"other"}
    for noun, forms in _catalogue(language)["counts"].items():
        assert asked - {"zero"} <= forms.keys() | {"many"} & asked, noun


@pytest.mark.parametrize("language", LANGUAGES)
def test_texts_are_well_set(language: str) -> None:
    for name, text in texts(_catalogue(language)):
        assert not re.search(r"  |^\s|\s$|['\"&<>]", text), name
        if language == "fr":
            assert not re.search(r"[ \w][?!;:»]", text), name


def test_numbers_and_dates_are_those_of_the_locale() -> None:
    day = date(2026, 3, 1)
    shown = {
        tag: (
            words_of(tag).number(1234.5),
            words_of(tag).day(day),
            words_of(tag).percent(0.62),
            words_of(tag).hour(18),
            words_of(tag).weekdays[0],
        )
        for tag in ("en", "de", "de-CH", "ja", "ar")
    }
    assert shown == {
        "en": ("1,234.5", "Mar 1, 2026", "62%", "6 PM", "Mo"),
        "de": ("1.234,5", "1. März 2026", "62\u00a0%", "18 Uhr", "Mo."),
        "de-CH": ("1'234.5", "1. März 2026", "62%", "18 Uhr", "Mo"),
        "ja": ("1,234.5", "2026年3月1日", "62%", "18時", "月"),
        "ar": ("1,234.5", "1 مارس 2026", "62%", "6\u202fم", "إثنين"),
    }


def test_an_hour_is_no_bare_number() -> None:
    shown = {tag: words_of(tag).hour(18) for tag in ("en-GB", "es", "fr", "fr-CA", "es-MX", "hu")}
    assert shown == {
        **dict.fromkeys(("en-GB", "es", "fr", "hu"), "18:00"),
        "fr-CA": "18 h 00",
        "es-MX": "6\u202fp.m.",
    }


@pytest.mark.parametrize("tag", ["tlh", "xx-YY", "und", "qaa", "zz"])
def test_an_unknown_locale_is_english(tag: str) -> None:
    assert words_of(tag).day(date(2026, 3, 1)) == "Mar 1, 2026"
    assert words_of(tag).count("days", 1) == "1 day"


@pytest.mark.parametrize(
    "tag", ["de-DE-u-fw-mon-mu-celsius", "de-AQ", "de-XX", "de-x-mine", "de-1996", "de-a-bcd"]
)
def test_what_is_not_known_of_a_tag_does_not_change_its_language(tag: str) -> None:
    words = words_of(tag)
    assert words.count("days", 2) == "2 Tage"
    assert words.number(1234.5) == "1.234,5"


def test_a_tag_with_extensions_keeps_its_region_and_direction() -> None:
    assert words_of("de-CH-u-fw-mon").number(1234.5) == "1'234.5"
    assert words_of("ar-EG-u-nu-latn").is_rtl


def test_words_without_a_catalogue_are_english_with_english_plurals() -> None:
    assert words_of("ja").count("days", 1) == "1 day"
    assert words_of("ja").count("days", 2) == "2 days"
    assert words_of("fr").count("minutes", 1.5) == "1,5 minute"
    assert words_of("ar").count("days", 2) == "يومان"


def test_locales_do_not_fill_the_memory() -> None:
    from babel import localedata

    for tag in localedata.locale_identifiers():
        words_of(tag.replace("_", "-")).day(date(2026, 3, 1))
        assert len(localedata._cache) < 80
