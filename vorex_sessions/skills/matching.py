"""Pure: what a tutor wrote as an area to improve -> the skill that it means, if any.

Names and aliases of the graph are compared with the label word by word, whatever the case, plural or order,
and with a letter or two wrong (rapidfuzz). tests/skills/test_matching.py measures it on labels that were
written down before: what it names should be right, so that it rather says nothing.
"""

import re
import unicodedata
from functools import lru_cache

from rapidfuzz import fuzz, process

from vorex_sessions.skill_graph import SKILLS

_ENOUGH = 84.0  # of 100; lower finds little more, and names wrong skills
# What says how, not what: "work on using the …", "… usage", "more …".
_SAID_WITH = frozenset(
    "a an the of in on at for to with and or vs versus use using usage used your my more some better "
    "correct correctly improve improving improvement practice practise work reduce avoid common "
    "learn form wrong incorrect mistake error issue problem skill general accuracy".split()
)
_TOO_WIDE = frozenset(
    ("grammar", "pronunciation", "vocabulary", "fluency", "pragmatic", "speaking")
)
_NOT_A_WORD = re.compile(r"[^\w]+")


def skill_of(label: str) -> str | None:
    """The key of the skill that a label means, or None."""
    return _matched(" ".join(_words(label)) or " ".join(_words(label, keep=True)))


@lru_cache(maxsize=8192)
def _matched(label: str) -> str | None:
    if label in _ALIASES:
        return _ALIASES[label]
    if label in _TOO_WIDE:
        return None
    # How well an alias is found within the label, and how alike they are as a whole; the mean decides.
    found = process.extract(
        label, _NAMES, scorer=fuzz.token_set_ratio, score_cutoff=_ENOUGH, limit=None
    )
    likeness = [
        ((within + fuzz.token_sort_ratio(label, alias)) / 2, alias) for alias, within, _ in found
    ]
    best, alias = max(likeness, default=(0.0, ""))
    return _ALIASES[alias] if best >= _ENOUGH else None


def _words(label: str, *, keep: bool = False) -> list[str]:
    plain = unicodedata.normalize("NFKD", label.casefold())
    words = _NOT_A_WORD.sub(" ", "".join(c for c in plain if not unicodedata.combining(c))).split()
    return [_singular(word) for word in words if keep or word not in _SAID_WITH]


def _singular(word: str) -> str:
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def _aliases() -> dict[str, str]:
    """Every name of every skill as it is compared; where two skills share one, the first has it."""
    found: dict[str, str] = {}
    for skill in SKILLS.values():
        for name in (skill.name, *skill.aliases, skill.key.replace("-", " ")):
            words = _words(name) or _words(name, keep=True)
            found.setdefault(" ".join(words), skill.key)
    return found


_ALIASES = _aliases()
_NAMES = list(_ALIASES)
