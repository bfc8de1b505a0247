"""Pure: an area to improve, as a tutor wrote it -> the skill that it means, if any.

The label is compared with the names and aliases of the graph word by word. Case, plural and order do not
matter, and a letter or two may be wrong (rapidfuzz). A wrong skill is worse than none: a single word that
is only a part of names ("verbs", "sounds") means none; so do several ("tense endings") that many names share.
tests/skills/test_matching.py measures it on labels that were written down before.
"""

import re
from functools import lru_cache

from rapidfuzz import fuzz, process

from vorex_sessions.skill_graph import GRAPHS, Graph
from vorex_sessions.text import without_accents

_ENOUGH = 84.0  # of 100; a lower score finds little more, and wrong skills
_WORK = re.compile(r"\b(working on|work on|needs? work)\b")  # "work" alone is a topic
# Words that name no skill: "using the …", "… usage", "more …".
_FILLERS = frozenset(
    "a an the of in on at for to with and or vs versus use using usage used your my more new some better "
    "correct correctly improve improving improvement practice practise reduce avoid common "
    "learn form wrong incorrect mistake error issue problem skill general accuracy".split()
)
_TOO_BROAD = frozenset(
    ("grammar", "pronunciation", "vocabulary", "fluency", "pragmatic", "speaking")
)
_NOT_A_WORD = re.compile(r"[^\w]+")
# With 100 for the alias within the label, the mean is enough from here, less a margin for rounding. ratio()
# is at most 2 * shorter / (shorter + longer), so a label over `longest` has no alias that is long enough.
_LEAST_WHOLE = 2 * _ENOUGH - 100 - 0.1


@lru_cache(maxsize=8192)
def skill_of(label: str, graph: Graph) -> str | None:
    """The key of the skill of a graph that a label means, or None."""
    names = NAMES.get(graph)
    if names is None:
        return None
    every_word = " ".join(_words(label, keep=True))
    words = " ".join(_words(label)) or every_word
    found = names.aliases.get(every_word)
    return found or (_match(words, names) if len(words) <= names.longest else None)


class Names:
    """The names of a graph's skills, normalised."""

    def __init__(self, graph: Graph) -> None:
        self.aliases = _aliases(graph)
        self.all = list(self.aliases)
        self.sorted = [_in_order(alias) for alias in self.all]
        self.longest = int(max(map(len, self.all)) * (200 / _LEAST_WHOLE - 1))
        self.words = frozenset(word for alias in self.all for word in alias.split())
        # Those in the names of several skills.
        keys_of_words = {word: set[str]() for word in self.words}
        for alias, key in self.aliases.items():
            for word in alias.split():
                keys_of_words[word].add(key)
        self.general = frozenset(word for word, keys in keys_of_words.items() if len(keys) > 1)


def _match(label: str, names: Names) -> str | None:
    if label in names.aliases:
        return names.aliases[label]
    if label in _TOO_BROAD or label in names.words:
        return None
    words = set(label.split())
    # Words that many names share, rightly spelt: they mean a name only if all of it is there.
    is_general = names.general.issuperset(words)
    # The mean of two scores decides: the alias within the label, and both as a whole. Where the second is
    # below _LEAST_WHOLE the first cannot make up for it; sorted words make it one quick comparison.
    candidates = process.extract(
        _in_order(label), names.sorted, scorer=fuzz.ratio, score_cutoff=_LEAST_WHOLE, limit=None
    )
    likeness = [
        ((fuzz.token_set_ratio(label, names.all[place]) + whole) / 2, names.all[place])
        for _, whole, place in candidates
        if not is_general or words.issuperset(names.all[place].split())
    ]
    best, alias = max(likeness, default=(0.0, ""))
    return names.aliases[alias] if best >= _ENOUGH else None


def _in_order(words: str) -> str:
    return " ".join(sorted(words.split()))


def _words(label: str, *, keep: bool = False) -> list[str]:
    plain = _NOT_A_WORD.sub(" ", without_accents(label))
    words = _WORK.sub(" ", plain).split()
    return [_singular(word) for word in words if keep or word not in _FILLERS]


def _singular(word: str) -> str:
    if word == "news":  # "new vocabulary" is another thing
        return word
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def _aliases(graph: Graph) -> dict[str, str]:
    """Each normalised name -> its skill's key; where two skills share a name, the first one has it.

    A name that would be a single word without its fillers ("going to") keeps them.
    """
    aliases: dict[str, str] = {}
    for skill in graph.skills.values():
        for name in (skill.name, *skill.aliases, skill.key.replace("-", " ")):
            words = _words(name)
            aliases.setdefault(" ".join(words if words[1:] else _words(name, keep=True)), skill.key)
    return aliases


NAMES = {graph: Names(graph) for graph in GRAPHS.values()}
