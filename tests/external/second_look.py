"""Looks at what the gate has let through, by other means: shown with values that give themselves away."""

import re

from tests.insights.samples import COUNTED, UNITS, facts
from vorex_sessions.insights import wording
from vorex_sessions.insights.formats import locale_of
from vorex_sessions.insights.shapes import Shape

RISES = re.compile(
    r"\b(ris|rose|grow|grew|improv|increas|gain|climb|higher|better|steig|stieg|gestiegen|wachs|wuchs|besser"
    r"|zunahm|zugenommen|höher|sub[ie]|aument|crec|mejor|augment|progress|grimp|amélior|mieux|hausse)",
    re.IGNORECASE,
)
FALLS = re.compile(
    r"\b(fall|fell|drop|declin|decreas|lower|worse|sink|sank|gesunken|fiel|gefallen|schlechter|abgenommen"
    r"|baj[aoó]|disminu|peor|empeor|baiss|diminu|chut|recul|pire)",
    re.IGNORECASE,
)
WORDS_OF_NUMBERS = re.compile(
    r"\b(two|three|four|five|ten|hundred|zwei|drei|fünf|hundert|dos|tres|cinco|cien|deux|trois|cinq|cent)\b"
)


def numbers_in(text: str) -> list[str]:
    return re.findall(r"\d+", text)


def faults(shape: Shape, text: str) -> list[str]:
    """What is false in an accepted text."""
    counted = [name for name, unit in UNITS[shape.template].items() if unit in COUNTED]
    values = {name: 60 * (131 + 17 * place) for place, name in enumerate(counted)}
    sample = facts(shape.template, **values)
    locale = locale_of(shape.language)
    wanted = wording.fill(shape.with_phrases(shape.sentence), sample, locale)
    said = wording.fill(shape.with_phrases(text), sample, locale)
    found = []
    if numbers_in(said) != numbers_in(wanted):
        found.append("other numbers")
    for phrase in shape.phrases:  # each value with its unit, once
        if said.count(wording.fill(phrase, sample, locale)) != 1:
            found.append("a value without its meaning")
    if WORDS_OF_NUMBERS.search(said.casefold()) and not WORDS_OF_NUMBERS.search(wanted.casefold()):
        found.append("a number in words")
    for direction in (RISES, FALLS):
        if bool(direction.search(said)) and not direction.search(wanted):
            found.append("another direction")
    if re.search(r"[<>*_#`\[\]{}|]|https?:|www\.", said):
        found.append("markup")
    return found
