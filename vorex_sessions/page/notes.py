"""Pure: what stands beside figures and charts, so that a reader knows what is meant by their words."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from vorex_sessions.insights import formats
from vorex_sessions.page.options import Options
from vorex_sessions.page.texts import Texts
from vorex_sessions.recall.memory import KNOWN_FROM
from vorex_sessions.skills.tracing import MASTERED
from vorex_sessions.trends.slopes import ERROR, LEAST_CHANGE

_DUE_BELOW = 0.9  # predicted recall


def terms(part: str, texts: Texts, *, shortest_day: int) -> str:
    """What the words of a part's chart mean; empty where each speaks for itself.

    `shortest_day`: the seconds of practice from which a day counts.
    """
    words = texts.words
    if part == "vocabulary":
        slots = {"percent": words.percent(_DUE_BELOW), "days": words.count("days", KNOWN_FROM)}
    elif part == "trend":
        slots = {
            "sure": words.number(round((1 - ERROR) * 20)),
            "all": words.number(20),
            "points": words.count("points", LEAST_CHANGE),
        }
    elif part == "skills":
        slots = {"percent": words.percent(MASTERED)}
    elif part == "streak":
        slots = {"time": texts.duration(shortest_day)}
    elif part == "heatmap":
        slots = {}
    else:
        return ""
    return texts.say("terms", part, **slots)


def only_of(options: Options, texts: Texts) -> str:
    """Of which language all of the page is; empty where it is of all."""
    if options.language is None:
        return ""
    name = language_name(options.language, texts)
    return texts.say("page", "only_of", language=name)


def language_name(tag: str, texts: Texts) -> str:
    """The name of a language as it stands within a text."""
    return formats.language_name(tag, texts.words.locale)


def told_apart(words: Sequence[Mapping[str, Any]], texts: Texts) -> list[Mapping[str, Any]]:
    """The words; those that are written alike in two languages with the name of theirs, as `of`."""
    alike = Counter(word["word"] for word in words)
    return [
        {**word, "of": language_name(word["language"], texts) if alike[word["word"]] > 1 else ""}
        for word in words
    ]
