"""Pure: whether a text says what its template says, word for word but for what cannot make it false.

No list of bad words is ever complete: "Your {f1} mistakes have risen", "if you skip them now". So here is
what a text may do, and nothing else: leave out, or put in, small words that claim nothing; use a word or
phrase of the list for one that means the same; leave out a whole sentence that has no slot; add a whole
remark of the list, once. No sentence ends with a small word: "{f2} the." Everything else of the
template has to be there, in its order.
"""

import re
from collections import Counter
from itertools import product

from vorex_sessions.insights.gate_words import NEUTRAL, PRAISE, REMARKS, SAME, WORD, lower

_SENTENCE = re.compile(r"[^.!?…]+[.!?…]*")
_SLOT = re.compile(r"\{f\d\}")
_PART = re.compile(rf"\{{f\d\}}|{WORD}")
# Signs that ask, hint or quote: as often as in the template.
_TELLING = "?¿…()“”„«»\u2014\u2013"


def says_the_same(template: str, text: str, language: str, *, rises: bool) -> bool:
    """Whether a text says no more and no less than the template; `rises`: where praise is no mockery."""
    if any(text.count(sign) > template.count(sign) for sign in _TELLING):
        return False
    remarks = REMARKS[language] | PRAISE[language] if rises else REMARKS[language]
    own, sentences = _SENTENCE.findall(template), _SENTENCE.findall(text)
    if _asked(sentences) != _asked(own):
        return False
    kept = [one for one in sentences if one in own or _plain(one) not in remarks]
    added = Counter(_plain(one) for one in sentences if one not in kept)
    if any(times > 1 for times in added.values()) or _breaks_off(kept, language):
        return False
    said = _claims("".join(kept), language)
    # Each way to leave out sentences that have no slot.
    ways = product(*((one,) if "{f" in one else (one, "") for one in own))
    return any(said == _claims("".join(way), language) for way in ways)


def _asked(sentences: list[str]) -> list[bool]:
    """For each slot whether its sentence asks, where a fact would be in doubt."""
    return [bool({"?", "¿"} & set(one)) for one in sentences for _ in _SLOT.findall(one)]


def _breaks_off(sentences: list[str], language: str) -> bool:
    """Whether a sentence ends with a small word, as no template's does."""
    ends = [parts[-1] for one in sentences if (parts := _PART.findall(lower(one)))]
    return any(end in NEUTRAL[language] for end in ends)


def _plain(sentence: str) -> str:
    return " ".join(_PART.findall(lower(sentence)))


def _claims(text: str, language: str) -> list[str]:
    """The words and slots that say something, in order."""
    text = lower(text)
    for others, own in SAME[language]:
        text = others.sub(own, text)
    return [part for part in _PART.findall(text) if part not in NEUTRAL[language]]
