"""Every wording in every locale, tone and number: no slot is left, and only facts have digits."""

import re
from itertools import product

import pytest

from tests.insights.samples import COUNTED, UNITS, facts
from vorex_sessions.insights import wording
from vorex_sessions.insights.facts import Fact
from vorex_sessions.insights.formats import LOCALES, is_singular, locale_of, shown
from vorex_sessions.insights.rules import KINDS

TAGS = [*LOCALES, "en-GB", "en-CA", "de-CH", "es-MX", "es-CO", "fr-CA"]
NUMBERS = {  # one and several, of each unit
    **dict.fromkeys(("days", "minutes", "sessions", "words", "results"), (1, 2, 12, 1234)),
    "points": (1, -4.25, 1.5, 3.0),
    "seconds": (60, 59, 7200, 0),
}


def samples(template: str) -> list[list[Fact]]:
    counted = [name for name, unit in UNITS[template].items() if unit in COUNTED]
    every = product(*(NUMBERS[UNITS[template][name]] for name in counted))
    return [facts(template, **dict(zip(counted, numbers, strict=True))) for numbers in every]


def test_each_rule_has_its_wordings_in_each_language() -> None:
    for language in LOCALES:
        assert wording.wordings(language).keys() == UNITS.keys() | {"scores"}
    kinds = {
        re.sub("(risk|practice|hours|up|down|plateau)_(more|week|month|all|of)$", r"\1", name)
        for name in UNITS
    }
    assert kinds == set(KINDS)


@pytest.mark.parametrize("tag", TAGS)
@pytest.mark.parametrize("tone", wording.TONES)
@pytest.mark.parametrize("template", UNITS)
def test_a_wording_says_its_facts_and_no_other_number(template: str, tone: str, tag: str) -> None:
    locale = locale_of(tag)
    names = dict(wording.wordings(locale.language)["scores"])
    for sample in samples(template):
        sentence = wording.sentence(template, tone, sample, locale)
        assert sorted(wording.SLOT.findall(sentence)) == sorted(UNITS[template])  # each just once
        assert not re.search(r"\d", wording.SLOT.sub("", sentence))
        text = wording.fill(sentence, sample, locale)
        assert not re.search(r"[{}|]|\.\.", text)
        for fact in sample:
            assert shown(fact, locale, names) in text


@pytest.mark.parametrize("language", LOCALES)
def test_wordings_are_short_and_well_set(language: str) -> None:
    locale = locale_of(language)
    for template in UNITS:
        texts = [wording.headline(template, locale)]
        assert len(texts[0]) <= 50
        for tone in wording.TONES:
            body = wording.with_words(template, tone, locale, dict.fromkeys(UNITS[template], False))
            assert body[-1] in ".?!"
            assert len(body) <= 260, template
            texts.append(body)
        for text in texts:
            assert not re.search(r"  |\s$|^\s|['\"]|[a-z]\?$", text) or language != "fr", text
            assert not re.search(r"  |^\s|\s$|['\"]", text), text
            if language == "fr":
                assert not re.search(r"[ \w][?!;:»]", text), text


CALENDAR = {  # what people say of a week or month of the calendar
    "en": r"(?<!the )\b(last|past) (week|month)",
    "de": r"\b(letzte\w*|vorige\w*|vergangene\w*) (woche|monat)|\b(woche|monats?) davor",
    "es": r"\b(semana|mes) pasad[oa]",
    "fr": r"(semaine|mois) (derni|passé|d\u2019avant)|\bderni(er|ère) (mois|semaine)",
}


@pytest.mark.parametrize("language", LOCALES)
def test_the_last_days_are_not_told_as_a_week_or_month_of_the_calendar(language: str) -> None:
    """Facts of `week` and `month` are of the last 7 and 30 days."""
    for template, texts in wording.wordings(language).items():
        for text in texts.values():
            assert not re.search(CALENDAR[language], text.casefold()), (template, text)


def test_words_fit_their_number() -> None:
    cases = {
        ("en", 1): "1 word is due for review. If you go over it now, you will remember it longer.",
        (
            "en",
            2,
        ): "2 words are due for review. If you go over them now, you will remember them longer.",
        (
            "en",
            1234,
        ): "1,234 words are due for review. If you go over them now, you will remember them longer.",
        (
            "de",
            1,
        ): "1 Wort ist zur Wiederholung fällig. Wenn du es jetzt durchgehst, behältst du es länger.",
        (
            "de",
            1234,
        ): "1.234 Wörter sind zur Wiederholung fällig. Wenn du sie jetzt durchgehst, behältst du sie länger.",
        ("es", 1): "Te toca repasar 1 palabra. Si la repasas ahora, la recordarás más tiempo.",
        ("es", 12): "Te toca repasar 12 palabras. Si las repasas ahora, las recordarás más tiempo.",
        (
            "fr",
            1,
        ): "Tu as 1 mot à réviser. En le revoyant maintenant, tu le retiendras plus longtemps.",
        (
            "fr",
            1234,
        ): "Tu as 1\u202f234 mots à réviser. En les revoyant maintenant, tu les retiendras plus longtemps.",
    }
    for (tag, words), text in cases.items():
        sample = facts("words_due", words=words)
        sentence = wording.sentence("words_due", "plain", sample, locale_of(tag))
        assert wording.fill(sentence, sample, locale_of(tag)) == text


def test_one_minute_before_is_worded_as_one() -> None:
    told = {
        "en": "up from 1 in the week before.",
        "de": "mehr als die 1 Minute der sieben Tage davor.",
        "es": "frente a 1 minuto de la semana anterior.",
        "fr": "contre 1 minute les sept jours d\u2019avant.",
    }
    for tag, end in told.items():
        sample = facts("more_practice_week", now=2700, before=60)
        sentence = wording.sentence("more_practice_week", "plain", sample, locale_of(tag))
        assert wording.fill(sentence, sample, locale_of(tag)).endswith(end)


def test_numbers_dates_hours_shares_and_names_are_those_of_the_locale() -> None:
    def of(unit: str, value: object) -> list[str]:
        fact = Fact("x", value, unit, "all", None, "")
        locales = [locale_of(tag) for tag in ("en", "en-GB", "de", "es", "fr", "de-CH")]
        return [shown(fact, one, dict(wording.wordings(one.language)["scores"])) for one in locales]

    assert of("points", -4.25) == ["4.2", "4.2", "4,2", "4,2", "4,2", "4.2"]
    assert of("points", 3.0)[0] == "3"
    assert of("points", 40.0)[0] == "40"
    assert of("share", 0.6249) == ["62%", "62%", "62\xa0%", "62\xa0%", "62\xa0%", "62%"]
    assert of("date", "2026-03-12")[:5] == [
        "March 12",
        "12 March",
        "12. März",
        "12 de marzo",
        "12 mars",
    ]
    assert of("date", "2026-11-01")[:5] == [
        "November 1",
        "1 November",
        "1. November",
        "1 de noviembre",
        "1er novembre",
    ]
    assert of("date", "2026-11-11")[4] == "11 novembre"
    assert of("hour", 18)[:5] == ["6:00\u202fPM", "18:00", "18:00", "18:00", "18\xa0h"]
    assert of("seconds", 5400)[0] == "90"
    assert of("score", "fluency")[:5] == ["fluency", "fluency", "Redefluss", "fluidez", "fluidité"]
    assert of("language", "de")[:5] == ["German", "German", "Deutsch", "alemán", "allemand"]
    assert of("language", "pt-BR")[:5] == [
        *("Brazilian Portuguese", "Brazilian Portuguese", "Portugiesisch (Brasilien)"),
        *("portugués de Brasil", "portugais brésilien"),
    ]
    for tag in ("qzz", "und", "deu", "de-ZZ"):  # Babel would guess a language or a region
        assert of("language", tag)[:1] == [tag]
    assert of("language", "zh-TW")[:1] == ["Chinese (Traditional, Taiwan)"]


def test_one_and_a_half_is_singular_in_french_alone() -> None:
    fact = Fact("x", 1.5, "points", "all", None, "")
    assert [is_singular(fact, locale_of(tag)) for tag in LOCALES] == [False, False, False, True]


def test_a_locale_that_is_not_worded_is_english_and_an_unknown_region_is_left_out() -> None:
    tags = ("en", "pt-BR", "de-AT", "de-ZZ", "zh-Hant-TW", "fr-x-old", "es-419", "en-001", "x-a")
    found = [str(locale_of(tag)) for tag in tags]
    assert found == ["en", "en", "de_AT", "de", "en", "fr", "es", "en", "en"]


def test_a_learners_text_fills_one_slot_whatever_it_says() -> None:
    sample = facts("word_slipping", seen=3)
    hostile = [sample[0]._replace(value="{recall} {seen:a|b} <b>100</b> \\1"), *sample[1:]]
    for tone in wording.TONES:
        sentence = wording.sentence("word_slipping", tone, hostile, locale_of("en"))
        assert "“{recall} {seen:a|b} <b>100</b> \\1”" in wording.fill(
            sentence, hostile, locale_of("en")
        )
