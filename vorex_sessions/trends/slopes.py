"""Pure: whether scores rise or fall, beyond chance.

The slope is that of Theil (1950) and Sen (1968): the median of the slopes between any two days. A few odd
days hardly change it. The interval is Sen's: the slopes that Kendall's test of no trend, corrected for ties,
does not reject. Of several scores, some seem to move by chance: Holm (1979) asks more of the clearest one.
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from math import sqrt
from statistics import NormalDist, median
from typing import NamedTuple

from vorex_sessions.turns import in_turns

LEAST_DAYS, LEAST_SPAN = 8, 14  # days with a score, and calendar days from the first to the last
LEAST_CHANGE = 2.0  # points over the span, below which a change does not matter
ERROR = 0.05  # how often any score of a learner may seem to move although none does
VERDICTS = ("improving", "declining", "stable", "unclear")

Days = Sequence[tuple[date, float]]  # a day and its mean score, ascending, no day twice


class Trend(NamedTuple):
    """A verdict, with slope and interval in points a day, and `change` in points over the span."""

    verdict: str
    slope: float
    low: float
    high: float
    confidence: float
    change: float


class Slopes:
    """The slopes between any two of the days."""

    def __init__(self, days: Days) -> None:
        points = [(day.toordinal(), score) for day, score in days]
        self.sorted = sorted(
            (score - before) / (day - earlier)
            for place, (day, score) in enumerate(in_turns(points))
            for earlier, before in points[:place]
        )
        self.span = points[-1][0] - points[0][0]
        self.deviation = _deviation([score for _, score in points])

    @property
    def median(self) -> float:
        """Theil's and Sen's estimate."""
        return median(self.sorted)

    @property
    def clearness(self) -> float:
        """How many standard deviations Kendall's statistic is away from no trend."""
        falling = bisect_left(self.sorted, 0)
        rising = len(self.sorted) - bisect_right(self.sorted, 0)
        return abs(rising - falling) / self.deviation if self.deviation else 0.0

    def interval(self, confidence: float) -> tuple[float, float]:
        """Sen's interval: the slopes at the ranks between which the true slope lies with this confidence."""
        reach = NormalDist().inv_cdf((1 + confidence) / 2) * self.deviation
        count = len(self.sorted)
        low = max(round((count - reach) / 2) - 1, 0)
        high = min(round((count + reach) / 2), count - 1)
        return self.sorted[low], self.sorted[high]


def _deviation(scores: Sequence[float]) -> float:
    """The standard deviation of Kendall's statistic without a trend, equal scores taken into account."""
    ties = sum(_variance_term(count) for count in Counter(scores).values())
    return sqrt((_variance_term(len(scores)) - ties) / 18)


def _variance_term(count: int) -> int:
    return count * (count - 1) * (2 * count + 5)


def enough(days: Days) -> bool:
    """Whether these days are enough for a slope."""
    return len(days) >= LEAST_DAYS and (days[-1][0] - days[0][0]).days + 1 >= LEAST_SPAN


def trends(scores: Mapping[str, Days]) -> dict[str, Trend]:
    """The trend of each score with enough days; for at most 1 of 20 learners any is due to chance."""
    slopes = {name: Slopes(days) for name, days in scores.items() if enough(days)}
    clearest_first = sorted(slopes, key=lambda name: -slopes[name].clearness)
    by_name: dict[str, Trend] = {}
    remaining = len(slopes)
    for name in clearest_first:
        by_name[name] = _trend(slopes[name], confidence=1 - ERROR / remaining)
        if by_name[name].low <= 0 <= by_name[name].high:
            continue  # Holm: less clear scores need the same confidence
        remaining -= 1
    return by_name


def _trend(slopes: Slopes, *, confidence: float) -> Trend:
    slope = slopes.median
    low, high = slopes.interval(confidence)
    change = slope * slopes.span
    verdict = "unclear"
    if not low <= 0 <= high and abs(change) >= LEAST_CHANGE:
        verdict = "improving" if slope > 0 else "declining"
    elif max(abs(low), abs(high)) * slopes.span < LEAST_CHANGE:
        verdict = "stable"
    return Trend(verdict, slope, low, high, confidence, change)
