"""Pure: each score over time: its daily means, its trend, and how sure the trend is."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from vorex_sessions.charts import plot
from vorex_sessions.charts.chart import NOTHING, Chart, Options, Row
from vorex_sessions.charts.finished import finished
from vorex_sessions.charts.layout import EDGE, SIZE, SMALL, Box, Sign, empty, heading, legend, text
from vorex_sessions.charts.palette import PALETTES, Palette
from vorex_sessions.charts.plot import MANY, Part, Plot, last_day
from vorex_sessions.charts.scale import HIGHEST, LOWEST, Scale, scale_of
from vorex_sessions.charts.svg import Drawing, text_width
from vorex_sessions.charts.words import Words, words_of
from vorex_sessions.progress.figures import SKILLS

_HEIGHT, _ALONE = 110, 190  # of a score's part; of the only one
_HEAD, _FOOT, _GAP = 2 * SIZE + 16, SMALL + 12, 24
_SIDE_BY_SIDE = 900  # pixels
_FALLING, _RISING = "declining", "improving"


def draw(answer: Mapping[str, Any], options: Options) -> Chart:
    """The chart of what `trends` and the daily breakdown of the same days answer."""
    words = words_of(options.locale)
    parts = [_part(answer, score) for score in SKILLS if options.score in (None, score)]
    has_data = any(part.days for part in parts)
    return finished(
        "trend",
        words,
        options,
        sentence=_sentence(answer, parts, words, has_data),
        columns=(words.say("common", "date"), *(words.say("scores", part.score) for part in parts)),
        has_data=has_data,
        paint=lambda drawing: _draw(drawing, answer, parts, words, options, has_data),
        table=lambda: _rows(answer, parts, words),
    )


def _part(answer: Mapping[str, Any], score: str) -> Part:
    means = [(row["date"], row[f"{score}_avg"]) for row in reversed(answer["days"])]
    days = [(day, mean) for day, mean in means if mean is not None]
    return Part(score, days, answer["trends"][score])


def _sentence(
    answer: Mapping[str, Any], parts: Sequence[Part], words: Words, has_data: bool
) -> str:
    if not has_data:
        return words.say("trend", "empty")
    said = [
        words.say("trend", "score", score=words.say("scores", part.score), trend=_said(part, words))
        for part in parts
    ]
    return " ".join([words.say("trend", f"sentence_{answer['period']}"), *said])


def _said(part: Part, words: Words) -> str:
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


def _rows(answer: Mapping[str, Any], parts: Sequence[Part], words: Words) -> list[Row]:
    """What the lines and their bands say, then the days."""
    means = [dict(part.days) for part in parts]
    days = sorted({day for of_score in means for day in of_score})
    rows = _trend_rows(parts, words) if days else []
    for day in days:
        name = words.day(day)
        if day == answer["today"]:
            name = words.say("common", "day_unfinished", day=name)
        cells = (words.number(of_score[day]) if day in of_score else NOTHING for of_score in means)
        rows.append((name, *cells))
    return rows


def _trend_rows(parts: Sequence[Part], words: Words) -> list[Row]:
    rows = [(words.say("trend", "trend"), *(_said(part, words) for part in parts))]
    if any(part.slope is not None for part in parts):
        slopes = (_slope(part.trend["slope_per_week"], words) for part in parts)
        rows.append((words.say("trend", "slope"), *slopes))
        intervals = (_interval(part.trend["interval"], words) for part in parts)
        rows.append((words.say("trend", "interval"), *intervals))
    return rows


def _slope(weekly: float | None, words: Words) -> str:
    # No -0, which is what some small slopes are rounded to.
    return NOTHING if weekly is None else words.number(round(weekly, 1) or 0)


def _interval(interval: Mapping[str, float] | None, words: Words) -> str:
    if interval is None:
        return NOTHING
    low, high = (_slope(interval[end], words) for end in ("low", "high"))
    return words.say("trend", "between", low=low, high=high)


def _draw(
    drawing: Drawing,
    answer: Mapping[str, Any],
    parts: Sequence[Part],
    words: Words,
    options: Options,
    has_data: bool,
) -> float:
    """Draw the parts and the legend; return the height."""
    palette, width = PALETTES[options.theme], options.width - 2 * EDGE
    if not has_data:
        box = Box(EDGE, 0, width, _HEIGHT)
        _draw_axes(drawing, palette, box, answer, Scale(LOWEST, HIGHEST, []), words)
        drawing.line(box.x, box.bottom, box.right, box.bottom, stroke=palette.grid)
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
        Plot(box, scale, answer).draw(drawing, palette, part)
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
    days = (answer["period_start"], last_day(answer))
    named = words.day if (days[1] - days[0]).days > MANY else words.short_day
    first, last = map(named, days)
    text(drawing, palette, box.x, box.bottom + SMALL + 6, first)
    text(drawing, palette, box.right, box.bottom + SMALL + 6, last, anchor="end")


def _legend(
    palette: Palette, answer: Mapping[str, Any], parts: Sequence[Part], words: Words
) -> list[tuple[Sign, str]]:
    items: list[tuple[Sign, str]] = [
        (partial(plot.mark_day, palette=palette), words.say("trend", "day")),
    ]
    if any(part.slope is not None for part in parts):
        items.append((partial(plot.mark_line, palette=palette), words.say("trend", "line")))
        items.append((partial(plot.mark_band, palette=palette), words.say("trend", "band")))
    if any(day == answer["today"] for part in parts for day, _ in part.days):
        items.append((partial(plot.mark_today, palette=palette), words.say("common", "unfinished")))
    return items
