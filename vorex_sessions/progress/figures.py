"""Pure: sums and means over a learner's sessions.

A tally is one session, or several sessions of the same day and type that PostgreSQL has added up.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime
from functools import partial
from heapq import nsmallest
from operator import attrgetter
from typing import Any, NamedTuple

from vorex_sessions.text import fold
from vorex_sessions.turns import in_turns_if_many

_NEAR_A_HALF = 1e-6  # where the last bits of a sum decide between two tenths
SKILLS = ("pronunciation", "fluency", "grammar")


class Tally(NamedTuple):
    """Sums of sessions: seconds, words, and the sum and count of each measured score.

    `completed_at` is None where sessions of different instants were added up, and where nobody needs it.
    """

    practiced_on: date
    completed_at: datetime | None
    session_type: str
    sessions: int
    duration: int
    words: int
    pronunciation_sum: float | None
    pronunciation_count: int
    fluency_sum: float | None
    fluency_count: int
    grammar_sum: float | None
    grammar_count: int

    def scores(self) -> tuple[tuple[float | None, int], ...]:
        """Sum and count of each score, in the order of `SKILLS`."""
        return (
            (self.pronunciation_sum, self.pronunciation_count),
            (self.fluency_sum, self.fluency_count),
            (self.grammar_sum, self.grammar_count),
        )


# What Tally(...) does, without its call of a Python function.
_tally: Callable[[tuple[Any, ...]], Tally] = partial(tuple.__new__, Tally)


def tally_of(
    day: date,
    completed_at: datetime | None,
    session_type: str,
    duration: int,
    words: int,
    *scores: float | None,
) -> Tally:
    """The tally of a session with these scores, in the order of `SKILLS`."""
    one, two, three = scores
    sums = (one, int(one is not None), two, int(two is not None), three, int(three is not None))
    return _tally((day, completed_at, session_type, 1, duration, words, *sums))


class Sums:
    """The sums of tallies; scores that were not measured are left out."""

    __slots__ = ("counts", "duration", "scores", "sessions", "words")
    scores: list[float]
    counts: list[int]

    def __init__(self, tallies: Sequence[Tally] = ()) -> None:
        if len(tallies) == 1:  # as most days have: it takes a fifth of the time
            (one,) = tallies
            self.sessions, self.duration, self.words = one.sessions, one.duration, one.words
            self.scores = [one.pronunciation_sum or 0, one.fluency_sum or 0, one.grammar_sum or 0]
            self.counts = [one.pronunciation_count, one.fluency_count, one.grammar_count]
            return
        columns = list(zip(*tallies, strict=True)) or [()] * len(Tally._fields)
        _, _, _, sessions, duration, words, *scores = columns
        self.sessions, self.duration, self.words = sum(sessions), sum(duration), sum(words)
        self.scores = [sum(filter(None, totals)) for totals in scores[::2]]
        self.counts = [sum(counts) for counts in scores[1::2]]

    def means(self) -> list[float | None]:
        """The mean of each score with 1 decimal, None where none was measured."""
        return list(map(mean, self.scores, self.counts))


def mean(total: float, count: int) -> float | None:
    """The mean with 1 decimal, which the order of summation does not change."""
    if not count:
        return None
    value = total / count
    if abs(value * 10 % 1 - 0.5) < _NEAR_A_HALF:
        value = round(value, 9)
    return round(value, 1)


def minutes(seconds: int) -> float:
    """Seconds as minutes with 1 decimal."""
    return round(seconds / 60, 1)


def grouped(tallies: Collection[Tally], key: Callable[[Tally], Any]) -> dict[Any, Sums]:
    """The sums of each group of tallies, in the order in which the groups appear."""
    groups: defaultdict[Any, list[Tally]] = defaultdict(list)
    for tally in in_turns_if_many(tallies):
        groups[key(tally)].append(tally)
    return {name: Sums(group) for name, group in groups.items()}


def totals(sums: Sums) -> dict[str, Any]:
    """Totals, means (0.0 where nothing was measured) and the number of sessions with each score."""
    return {
        "total_sessions": sums.sessions,
        "total_duration": sums.duration,
        "total_words_spoken": sums.words,
        **{f"avg_{skill}": value or 0.0 for skill, value in zip(SKILLS, sums.means(), strict=True)},
        "scored_sessions": dict(zip(SKILLS, sums.counts, strict=True)),
    }


def by_type(tallies: Collection[Tally]) -> dict[str, dict[str, int]]:
    """Sessions and mean duration (whole seconds) of each type that was practised."""
    groups = grouped(tallies, attrgetter("session_type"))
    return {
        name: {"count": sums.sessions, "avg_duration": round(sums.duration / sums.sessions)}
        for name, sums in sorted(groups.items())
    }


def trends(tallies: Collection[Tally]) -> list[dict[str, Any]]:
    """The daily means, oldest first; days with sessions only."""
    days = grouped(tallies, attrgetter("practiced_on"))
    return [
        {"date": day, **dict(zip(SKILLS, sums.means(), strict=True))}
        for day, sums in sorted(days.items())
    ]


def most_common(spellings: Mapping[str, int], limit: int) -> list[tuple[str, int]]:
    """The most frequent names with their counts, ties by name.

    Names that differ only in case are counted together, in the most frequent spelling, ties by name.
    """
    counts: dict[str, int] = {}
    shown: dict[str, tuple[int, str]] = {}
    for spelling, count in in_turns_if_many(spellings.items()):
        name = fold(spelling)
        counts[name] = counts.get(name, 0) + count
        shown[name] = min(shown.get(name, (0, "")), (-count, spelling))
    ordered = [(-count, shown[name][1]) for name, count in in_turns_if_many(counts.items())]
    return [(spelling, -count) for count, spelling in nsmallest(limit, ordered)]
