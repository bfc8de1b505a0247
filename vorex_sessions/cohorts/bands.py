"""Pure: percentiles of a cohort as bands, the only form in which they are published.

The percentile of a value is its mid-rank in the cohort, in percent: the learners below, and half of those
with the same value, the learner included. Where all values are equal, it is 50.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import NamedTuple

WIDTH = 5  # points of a band
WIDE, FEW = 25, 30  # points of a band in a cohort of fewer learners than FEW


class Bands(NamedTuple):
    """The start of each band that has a value, and its least value; both in ascending order."""

    learners: int
    width: int
    starts: list[int]
    least: list[float]


def bands(histogram: Iterable[tuple[float, int]]) -> Bands:
    """The bands of a cohort, from its values in ascending order, each with its number of learners."""
    counted = list(histogram)
    learners = sum(count for _, count in counted)
    width = WIDTH if learners >= FEW else WIDE
    starts: list[int] = []
    least: list[float] = []
    below = 0
    for value, count in counted:
        # In whole numbers, so that rounding cannot move a percentile on the edge of a band.
        start = 100 * (2 * below + count) // (2 * learners * width) * width
        start = min(start, 100 - width)
        if not starts or start > starts[-1]:
            starts.append(start)
            least.append(value)
        below += count
    return Bands(learners, width, starts, least)


def band_of(value: float, starts: Sequence[int], least: Sequence[float]) -> int:
    """The start of a value's band; below all values of the cohort, that of the first possible band."""
    place = bisect_right(least, value)
    return starts[place - 1] if place else 0


def about(learners: int) -> int:
    """The size of a cohort as the API shows it: to the nearest 10."""
    return (learners + 5) // 10 * 10
