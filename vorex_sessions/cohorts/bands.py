"""Pure: percentiles of a cohort as bands, which is all that is published of it.

The percentile of a value is its mid-rank among all learners of the cohort, its own included, in percent:
those below, and half of those who share it. A cohort of equals stands at 50.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import NamedTuple

WIDTH = 5  # points of a band
WIDE, FEW = 25, 30  # points of a band where fewer learners than this are in the cohort


class Bands(NamedTuple):
    """Each band that a value falls into, by where it begins, and the least value that does; both rise."""

    learners: int
    width: int
    starts: list[int]
    least: list[float]


def bands(histogram: Iterable[tuple[float, int]]) -> Bands:
    """Of the values of a cohort, ascending, each with how many learners have it."""
    counted = list(histogram)
    learners = sum(count for _, count in counted)
    width = WIDTH if learners >= FEW else WIDE
    starts: list[int] = []
    least: list[float] = []
    below = 0
    for value, count in counted:
        # In whole numbers, lest a percentile on an edge fall to either side.
        start = 100 * (2 * below + count) // (2 * learners * width) * width
        start = min(start, 100 - width)
        if not starts or start > starts[-1]:
            starts.append(start)
            least.append(value)
        below += count
    return Bands(learners, width, starts, least)


def band_of(value: float, starts: Sequence[int], least: Sequence[float]) -> int:
    """Where the band of a value begins; below all values of the cohort it is the first."""
    place = bisect_right(least, value)
    return starts[place - 1] if place else 0


def about(learners: int) -> int:
    """The size of a cohort as it is told: to the nearest 10."""
    return (learners + 5) // 10 * 10
