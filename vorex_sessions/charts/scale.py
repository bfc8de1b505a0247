"""Pure: the scale of scores, and the lines through a point that stay within it."""

from collections.abc import Sequence
from math import ceil, floor
from typing import NamedTuple

from vorex_sessions.charts.layout import Box

LOWEST, HIGHEST = 0, 100
_LEAST_SPAN = 20  # points: chance must not look like a leap


class Scale(NamedTuple):
    """From which score to which, and the scores that have a line."""

    low: float
    high: float
    ticks: Sequence[int]

    def y(self, value: float, box: Box) -> float:
        """The place of a score in a box."""
        return box.bottom - (value - self.low) / (self.high - self.low) * box.height


def scale_of(values: Sequence[float]) -> Scale:
    """A scale that holds the values, in tens, and that is not too fine."""
    low = floor(min(values, default=40) / 10) * 10
    high = ceil(max(values, default=90) / 10) * 10
    while high - low < _LEAST_SPAN:
        low, high = (low - 10, high) if high >= HIGHEST else (low, high + 10)
    step = 10 if high - low <= 40 else 20 if high - low <= 60 else 50
    ticks = [tick for tick in range(LOWEST, HIGHEST + 1, step) if low <= tick <= high]
    return Scale(low, high, ticks)


Points = list[tuple[float, float]]


def straight(mean: float, slope: float, end: float, scale: Scale) -> Points:
    """From `mean` at 0 to `end`, cut off where it leaves the scale."""
    start = (0.0, min(max(mean, scale.low), scale.high))
    value = mean + slope * end
    limit = min(max(value, scale.low), scale.high)
    reach = end if value == limit else end * (limit - mean) / (value - mean)
    return [start, (reach, limit)]


def fan(mean: float, slopes: tuple[float, float], end: float, scale: Scale) -> Points:
    """The area between two lines through the same point."""
    (start, first), (_, second) = (straight(mean, slope, end, scale) for slope in slopes)
    corners = [(end, first[1]), (end, second[1])]
    return [start, first, *corners, second]
