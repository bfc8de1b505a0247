"""Pure: each score over time: its daily means, its trend, and how sure the trend is."""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial
from itertools import pairwise
from statistics import median
from typing import Any, NamedTuple

from vorex_sessions.charts.chart import Chart, Options, Row
from vorex_sessions.charts.layout import EDGE, SIZE, SMALL, Box, Sign, empty, heading, legend, text
from vorex_sessions.charts.palette import PALETTES, Palette
from vorex_sessions.charts.scale import HIGHEST, LOWEST, Scale, fan, scale_of, straight
from vorex_sessions.charts.svg import Drawing, text_width
from vorex_sessions.charts.words import Words, words_of
from vorex_sessions.periods import ONE_DAY
from vorex_sessions.progress.figures import SKILLS

_HEIGHT, _ALONE = 110, 190  # of a score's part; of the only one
_HEAD, _FOOT, _GAP = 2 * SIZE + 16, SMALL + 12, 24
_SIDE_BY_SIDE = 900  # pixels
NOT_MEASURED = "–"
_MANY = 100  # days: lines between so many would be a thicket
_FALLING, _RISING = "declining", "improving"


class _Part(NamedTuple):
    """A score: its daily means, oldest first, and its trend."""

    score: str
    days: Sequence[tuple[date, float]]
    trend: Mapping[str, Any]

    @property
    def slope(self) -> float | None:
        """Points a day."""
        weekly: float | None = self.trend["slope_per_week"]
        return None if weekly is None else weekly / 7


def draw(answer: Mapping[str, Any], options: Options) -> Chart:
    """The chart of what `trends` and the daily breakdown of the same days answer."""
    words = words_of(options.locale)
    parts = [_part(answer, score) for score in SKILLS if options.score in (None, score)]
    has_data = any(part.days for part in parts)
    title = words.say("trend", "title")
    sentence = _sentence(answer, parts, words, has_data)
    drawing = Drawing(options.width, mirrored=words.is_rtl)
    height = _draw(drawing, answer, parts, words, options, has_data)
    name = "chart-trend" if options.score is None else f"chart-trend-{options.score}"
    return Chart(
        "trend",
        title,
        sentence,
        (words.say("common", "date"), *(words.say("scores", part.score) for part in parts)),
        drawing.finish(height, name=name, title=title, description=sentence),
        has_data,
        words.direction,
        lambda: _rows(answer, parts, words),
    )


def _part(answer: Mapping[str, Any], score: str) -> _Part:
    means = [(row["date"], row[f"{score}_avg"]) for row in reversed(answer["days"])]
    days = [(day, mean) for day, mean in means if mean is not None]
    return _Part(score, days, answer["trends"][score])


def _sentence(
    answer: Mapping[str, Any], parts: Sequence[_Part], words: Words, has_data: bool
) -> str:
    if not has_data:
        return words.say("trend", "empty")
    said = [
        words.say("trend", "score", score=words.say("scores", part.score), trend=_said(part, words))
        for part in parts
    ]
    return " ".join([words.say("trend", f"sentence_{answer['period']}"), *said])


def _said(part: _Part, words: Words) -> str:
    """The trend in words."""
    if not part.days:
        return words.say("trend", "not_measured")
    if part.slope is None:
        return words.say("trend", "too_few")
    verdict, weekly = part.trend["verdict"], part.trend["slope_per_week"]
    if verdict in (_RISING, _FALLING):
        points = words.count("points", round(abs(weekly), 1))
        return words.say("trend", verdict, points=points)
    return words.say("trend", verdict)


def _rows(answer: Mapping[str, Any], parts: Sequence[_Part], words: Words) -> list[Row]:
    means = [dict(part.days) for part in parts]
    days = sorted({day for of_score in means for day in of_score})
    rows = []
    for day in days:
        name = words.day(day)
        if day == answer["today"]:
            name = words.say("common", "day_unfinished", day=name)
        cells = (
            words.number(of_score[day]) if day in of_score else NOT_MEASURED for of_score in means
        )
        rows.append((name, *cells))
    return rows


def _draw(
    drawing: Drawing,
    answer: Mapping[str, Any],
    parts: Sequence[_Part],
    words: Words,
    options: Options,
    has_data: bool,
) -> float:
    """Draw the parts and the legend; return the height."""
    palette, width = PALETTES[options.theme], options.width - 2 * EDGE
    if not has_data:
        box = Box(EDGE, 0, width, _HEIGHT)
        _draw_axes(drawing, palette, box, answer, Scale(LOWEST, HIGHEST, [LOWEST]), words)
        empty(drawing, palette, box, words.say("trend", "empty"))
        return box.bottom + _FOOT
    scale = scale_of([mean for part in parts for _, mean in part.days])
    left = text_width("100", SMALL) + 6
    columns = len(parts) if options.width >= _SIDE_BY_SIDE else 1
    part_width = (width - (columns - 1) * _GAP) / columns
    high = _ALONE if len(parts) == 1 else _HEIGHT
    bottom = 0.0
    for place, part in enumerate(parts):
        row, column = divmod(place, columns)
        x, y = EDGE + column * (part_width + _GAP), row * (_HEAD + high + _FOOT + 8)
        box = Box(x + left, y + _HEAD, part_width - left - 4, high)
        heading(drawing, palette, x, y + SIZE, words.say("scores", part.score))
        text(drawing, palette, x, y + 2 * SIZE + 4, _said(part, words))
        _draw_axes(drawing, palette, box, answer, scale, words)
        _Plot(box, scale, answer).draw(drawing, palette, part)
        bottom = box.bottom + _FOOT
    box = Box(EDGE, bottom + 8, width, 0)
    return legend(drawing, palette, box, _legend(palette, answer, parts, words))


def _draw_axes(
    drawing: Drawing,
    palette: Palette,
    box: Box,
    answer: Mapping[str, Any],
    scale: Scale,
    words: Words,
) -> None:
    for tick in scale.ticks:
        y = scale.y(tick, box)
        drawing.line(box.x, y, box.right, y, stroke=palette.grid)
        text(drawing, palette, box.x - 6, y + SMALL * 0.36, words.number(tick), anchor="end")
    days = (answer["period_start"], _last(answer))
    named = words.day if (days[1] - days[0]).days > _MANY else words.short_day
    first, last = map(named, days)
    text(drawing, palette, box.x, box.bottom + SMALL + 6, first)
    text(drawing, palette, box.right, box.bottom + SMALL + 6, last, anchor="end")


def _last(answer: Mapping[str, Any]) -> date:
    """The last day shown: a traveller may have practised on a day after today."""
    last: date = max([answer["period_end"], *(row["date"] for row in answer["days"][:1])])
    return last


class _Plot:
    """Where the days and the points of a score stand."""

    def __init__(self, box: Box, scale: Scale, answer: Mapping[str, Any]) -> None:
        self.box, self.scale, self.today = box, scale, answer["today"]
        self.first, self.span = answer["period_start"], _last(answer) - answer["period_start"]

    def x(self, day: date) -> float:
        """The place of a day; the first and the last keep away from the edges."""
        return self.box.x + 5 + (day - self.first) / (self.span or ONE_DAY) * (self.box.width - 10)

    def y(self, points: float) -> float:
        """The place of a mean."""
        return self.scale.y(points, self.box)

    def draw(self, drawing: Drawing, palette: Palette, part: _Part) -> None:
        """Band, trend, and the days: a line only between days that follow each other."""
        if part.slope is not None:
            self._draw_trend(drawing, palette, part, part.slope)
        places = [(day, (self.x(day), self.y(mean))) for day, mean in part.days]
        radius = 1.7
        if self.span.days < _MANY:
            radius = 2.6
            near = [
                (before, after)
                for (earlier, before), (day, after) in pairwise(places)
                if day - earlier == ONE_DAY
            ]
            drawing.path(near, stroke=palette.amounts[0], stroke_width=1)
        over = [place for day, place in places if day != self.today]
        drawing.circles(over, radius, fill=palette.mark)
        for day, place in places:
            if day == self.today:
                _mark_today(drawing, *place, palette=palette)

    def _draw_trend(
        self, drawing: Drawing, palette: Palette, part: _Part, slope: float
    ) -> None:
        """The line through the middle of all days, and all lines whose slope is in the interval."""
        middle = median(day.toordinal() for day, _ in part.days)
        mean = median(mean - slope * (day.toordinal() - middle) for day, mean in part.days)
        first, last = part.trend["first_day"], part.trend["last_day"]
        interval = part.trend["interval"]
        low, high = (interval[end] / 7 for end in ("low", "high"))
        ends = (first.toordinal() - middle, last.toordinal() - middle)
        for end in ends:
            area = fan(mean, (low, high), end, self.scale)
            points = [(self._x(middle + days), self.y(value)) for days, value in area]
            drawing.polygon(points, fill=palette.amounts[0], fill_opacity=_FAINT)
            for slope_of_edge in (low, high):
                edge = straight(mean, slope_of_edge, end, self.scale)
                self._draw_line(drawing, middle, edge, stroke=palette.amounts[0], stroke_dasharray="2 3")
        how: dict[str, object] = {"stroke": palette.amounts[3], "stroke_width": 2}
        if part.trend["verdict"] == "unclear":
            how["stroke_dasharray"] = "5 4"
        for end in ends:
            self._draw_line(drawing, middle, straight(mean, slope, end, self.scale), **how)

    def _draw_line(
        self, drawing: Drawing, middle: float, line: Sequence[tuple[float, float]], **how: object
    ) -> None:
        drawing.polyline([(self._x(middle + days), self.y(value)) for days, value in line], **how)

    def _x(self, ordinal: float) -> float:
        share = (ordinal - self.first.toordinal()) / (self.span.days or 1)
        return self.box.x + 5 + share * (self.box.width - 10)


_FAINT = "0.22"


def _legend(
    palette: Palette, answer: Mapping[str, Any], parts: Sequence[_Part], words: Words
) -> list[tuple[Sign, str]]:
    items: list[tuple[Sign, str]] = [
        (partial(_dot, palette=palette), words.say("trend", "day")),
    ]
    if any(part.slope is not None for part in parts):
        items.append((partial(_line, palette=palette), words.say("trend", "line")))
        items.append((partial(_band, palette=palette), words.say("trend", "band")))
    if any(day == answer["today"] for part in parts for day, _ in part.days):
        items.append((partial(_mark_today, palette=palette), words.say("common", "unfinished")))
    return items


def _mark_today(drawing: Drawing, x: float, y: float, *, palette: Palette) -> None:
    drawing.circle(x, y, 3.5, fill="none", stroke=palette.today, stroke_width=1.8)


def _dot(drawing: Drawing, x: float, y: float, *, palette: Palette) -> None:
    drawing.circle(x, y, 2.6, fill=palette.mark)


def _line(drawing: Drawing, x: float, y: float, *, palette: Palette) -> None:
    drawing.line(x - 6, y + 2, x + 6, y - 2, stroke=palette.amounts[3], stroke_width=2)


def _band(drawing: Drawing, x: float, y: float, *, palette: Palette) -> None:
    drawing.rect(x - 6, y - 4, 12, 8, fill=palette.amounts[0], fill_opacity=_FAINT)
    for edge in (y - 4, y + 4):
        drawing.line(x - 6, edge, x + 6, edge, stroke=palette.amounts[0], stroke_dasharray="2 3")
