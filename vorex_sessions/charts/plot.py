"""Pure: the days of a score and its trend on a plane of days and points."""

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import pairwise
from statistics import median
from typing import Any, NamedTuple

from vorex_sessions.charts.layout import Box
from vorex_sessions.charts.palette import Palette
from vorex_sessions.charts.scale import Scale, fan, straight
from vorex_sessions.charts.svg import Attributes, Drawing, Point

MANY = 100  # days: lines between so many would be a thicket
_FAINT = "0.22"
_DOT, _SMALL_DOT = 2.6, 1.7  # radius


class Part(NamedTuple):
    """A score: its daily means, oldest first, and its trend."""

    score: str
    days: Sequence[tuple[date, float]]
    trend: Mapping[str, Any]

    @property
    def slope(self) -> float | None:
        """Points a day."""
        weekly: float | None = self.trend["slope_per_week"]
        return None if weekly is None else weekly / 7


def last_day(answer: Mapping[str, Any]) -> date:
    """The last day shown: a traveller may have practised on a day after today."""
    last: date = max([answer["period_end"], *(row["date"] for row in answer["days"][:1])])
    return last


class Plot:
    """Where the days and the points of a score stand."""

    def __init__(self, box: Box, scale: Scale, answer: Mapping[str, Any]) -> None:
        self.box, self.scale, self.today = box, scale, answer["today"]
        self.first: int = answer["period_start"].toordinal()
        self.span = last_day(answer).toordinal() - self.first

    def x(self, ordinal: float) -> float:
        """The place of a day, as its ordinal; the first and the last keep away from the edges."""
        return self.box.x + 5 + (ordinal - self.first) / (self.span or 1) * (self.box.width - 10)

    def y(self, points: float) -> float:
        """The place of a mean."""
        return self.scale.y(points, self.box)

    def draw(self, drawing: Drawing, palette: Palette, part: Part) -> None:
        """Band, trend, and the days: a line only between days that follow each other."""
        if part.slope is not None:
            self._draw_trend(drawing, palette, part, part.slope)
        days = [day.toordinal() for day, _ in part.days]
        places = [
            (self.x(day), self.y(mean)) for day, (_, mean) in zip(days, part.days, strict=True)
        ]
        radius = _SMALL_DOT
        if self.span < MANY:
            radius = _DOT
            drawing.path(_runs(days, places), stroke=palette.amounts[0], stroke_width=1)
        today = self.today.toordinal()
        others = [place for day, place in zip(days, places, strict=True) if day != today]
        drawing.circles(others, radius, fill=palette.mark)
        if today in days:
            mark_today(drawing, *places[days.index(today)], palette=palette)

    def _draw_trend(self, drawing: Drawing, palette: Palette, part: Part, slope: float) -> None:
        """The line through the middle of all days, and all lines whose slope is in the interval."""
        middle = median(day.toordinal() for day, _ in part.days)
        mean = median(mean - slope * (day.toordinal() - middle) for day, mean in part.days)
        first, last = part.trend["first_day"], part.trend["last_day"]
        interval = part.trend["interval"]
        low, high = (interval[end] / 7 for end in ("low", "high"))
        ends = (first.toordinal() - middle, last.toordinal() - middle)
        for end in ends:
            area = fan(mean, (low, high), end, self.scale)
            points = [(self.x(middle + days), self.y(value)) for days, value in area]
            drawing.polygon(points, fill=palette.amounts[0], fill_opacity=_FAINT)
            for slope_of_edge in (low, high):
                edge = straight(mean, slope_of_edge, end, self.scale)
                self._draw_line(
                    drawing, middle, edge, stroke=palette.amounts[0], stroke_dasharray="2 3"
                )
        how: Attributes = {"stroke": palette.amounts[3], "stroke_width": 2}
        if part.trend["verdict"] == "unclear":
            how["stroke_dasharray"] = "5 4"
        for end in ends:
            self._draw_line(drawing, middle, straight(mean, slope, end, self.scale), **how)

    def _draw_line(
        self,
        drawing: Drawing,
        middle: float,
        line: Sequence[tuple[float, float]],
        **how: str | float,
    ) -> None:
        drawing.polyline([(self.x(middle + days), self.y(value)) for days, value in line], **how)


def _runs(days: Sequence[int], places: Sequence[Point]) -> list[Sequence[Point]]:
    """The places of days that follow each other, two or more."""
    gaps = [place for place in range(1, len(days)) if days[place] - days[place - 1] > 1]
    runs = [places[start:end] for start, end in pairwise([0, *gaps, len(days)])]
    return [run for run in runs if len(run) > 1]


def mark_today(drawing: Drawing, x: float, y: float, *, palette: Palette) -> None:
    """Today, which is not over yet."""
    drawing.circle(x, y, 3.5, fill="none", stroke=palette.today, stroke_width=1.8)


def mark_day(drawing: Drawing, x: float, y: float, *, palette: Palette) -> None:
    """The sign for the mean of a day."""
    drawing.circle(x, y, _DOT, fill=palette.mark)


def mark_line(drawing: Drawing, x: float, y: float, *, palette: Palette) -> None:
    """The sign for a trend."""
    drawing.line(x - 6, y + 2, x + 6, y - 2, stroke=palette.amounts[3], stroke_width=2)


def mark_band(drawing: Drawing, x: float, y: float, *, palette: Palette) -> None:
    """The sign for how sure a trend is."""
    drawing.rect(x - 6, y - 4, 12, 8, fill=palette.amounts[0], fill_opacity=_FAINT)
    for edge in (y - 4, y + 4):
        drawing.line(x - 6, edge, x + 6, edge, stroke=palette.amounts[0], stroke_dasharray="2 3")
