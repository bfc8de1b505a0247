"""Pure: a learner's streak, and the days of a calendar with what each did for it."""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any

from vorex_sessions.charts.chart import Chart, Options, Row
from vorex_sessions.charts.finished import finished
from vorex_sessions.charts.layout import (
    EDGE,
    SIZE,
    SMALL,
    Box,
    Sign,
    empty,
    legend,
    paragraph,
)
from vorex_sessions.charts.palette import PALETTES, Palette
from vorex_sessions.charts.svg import Attributes, Drawing
from vorex_sessions.charts.words import Words, words_of
from vorex_sessions.preferences.history import week_start

_BIG = 30.0
_WIDE, _BESIDE = (
    560,
    230,
)  # pixels: from which width on the numbers stand beside the calendar, and how wide
_PITCH, _HIGH, _LEAST_GAP = 48.0, 40.0, 4.0
# What a day was for the streak, in the order of the legend.
STATES = ("practised", "short", "frozen", "rest", "paused", "missed")


def draw(answer: Mapping[str, Any], options: Options) -> Chart:
    """The chart of what `streak` answers, beside `today`, `week_starts_on` and a day's `has_sessions`."""
    words, today = words_of(options.locale), answer["today"]
    has_data = answer["longest"] > 0 or any(row["has_sessions"] for row in answer["calendar"])
    return finished(
        "streak",
        words,
        options,
        sentence=_sentence(answer, words, has_data),
        columns=tuple(words.say(*name) for name in _COLUMNS),
        has_data=has_data,
        paint=lambda drawing: _draw(drawing, answer, words, options, has_data),
        table=lambda: [_row(row, today, words) for row in reversed(answer["calendar"])],
    )


_COLUMNS = (("common", "date"), ("common", "minutes"), ("streak", "state"))


def state_of(row: Mapping[str, Any], today: date) -> str:
    """What a day was for the streak; `open` and `ahead` are today without practice and a later day."""
    if row["practiced"]:
        return "practised"
    # Before what was too short: a freeze, a pause or a rest day has kept the streak.
    for state in ("paused", "rest", "frozen"):
        if row[state]:
            return state
    if row["has_sessions"]:  # not the minutes, which a second rounds to 0
        return "short"
    return "open" if row["date"] == today else "ahead" if row["date"] > today else "missed"


def _sentence(answer: Mapping[str, Any], words: Words, has_data: bool) -> str:
    if not has_data:
        return words.say("streak", "empty")
    if not answer["longest"]:
        return words.say("streak", "sentence_never")
    said = words.say(
        "streak",
        "sentence" if answer["current"] else "sentence_none",
        current=words.count("days", answer["current"]),
        longest=words.count("days", answer["longest"]),
    )
    if answer["at_risk"]:
        said += " " + words.say("streak", "at_risk")
    return said


def _row(row: Mapping[str, Any], today: date, words: Words) -> Row:
    name = words.day(row["date"])
    if row["date"] == today:
        name = words.say("common", "day_unfinished", day=name)
    return (name, words.number(row["minutes"]), words.say("day_states", state_of(row, today)))


def _draw(
    drawing: Drawing, answer: Mapping[str, Any], words: Words, options: Options, has_data: bool
) -> float:
    """Draw the numbers, the calendar and the legend; return the height."""
    palette, width = PALETTES[options.theme], options.width - 2 * EDGE
    is_wide = options.width >= _WIDE and options.numbers
    numbers = Box(EDGE, 0, _BESIDE - 24 if is_wide else width, 0)
    end = 0.0
    if has_data and options.numbers:
        end = _draw_numbers(drawing, palette, numbers, answer, words)
    elif has_data:
        end = -14.0
    elif is_wide:
        lines = words.say("streak", "empty")
        end = paragraph(drawing, palette, Box(EDGE, 8, numbers.width, 0), lines)
    else:
        end = empty(drawing, palette, Box(EDGE, 0, width, 76), words.say("streak", "empty")).bottom
    left, top = (EDGE + _BESIDE, 0.0) if is_wide else (EDGE, end + 14)
    box = Box(left, top, min(width - left + EDGE, 7 * _PITCH), 0)
    bottom = _draw_calendar(drawing, palette, box, answer, words)
    items = _legend(palette, answer, words)
    below = Box(left, bottom + 10, width - left + EDGE, 0)
    return max(legend(drawing, palette, below, items), end)


def _draw_numbers(
    drawing: Drawing, palette: Palette, box: Box, answer: Mapping[str, Any], words: Words
) -> float:
    """The streak large, then what belongs to it; returns where it ends."""
    current = words.count("days", answer["current"])
    drawing.text(box.x, _BIG, current, fill=palette.ink, size=_BIG, weight=600)
    lines = [words.say("streak", "current")]
    if longest := answer["longest"]:
        lines.append(words.say("streak", "longest", longest=words.count("days", longest)))
    if answer["freezes"]:
        lines.append(words.count("freezes", answer["freezes"]))
    y = _BIG + 8
    for line in lines:
        y = paragraph(drawing, palette, Box(box.x, y, box.width, 0), line)
    return y


def _draw_calendar(
    drawing: Drawing, palette: Palette, box: Box, answer: Mapping[str, Any], words: Words
) -> float:
    """A line for each week; returns where it ends."""
    rows = sorted(answer["calendar"], key=lambda row: row["date"])
    first, last = rows[0]["date"], rows[-1]["date"]
    begin, pitch = week_start(first, answer["week_starts_on"]), box.width / 7
    span = words.say("streak", "span", first=words.short_day(first), last=words.day(last))
    drawing.text(box.x, box.y + SIZE, span, fill=palette.ink, size=SIZE, weight=600)
    top = box.y + SIZE + 10
    for place in range(7):
        name = words.weekdays[(begin.weekday() + place) % 7]
        middle = box.x + (place + 0.5) * pitch
        drawing.text(middle, top + SMALL, name, fill=palette.quiet, size=SMALL, anchor="middle")
    top += SMALL + 8
    wide = pitch - _LEAST_GAP
    for row in rows:
        week, weekday = divmod((row["date"] - begin).days, 7)
        cell = Box(box.x + weekday * pitch + 2, top + week * _HIGH, wide, _HIGH - _LEAST_GAP)
        _draw_day(drawing, palette, cell, row, answer["today"], words)
    weeks: int = (last - begin).days // 7 + 1
    return top + weeks * _HIGH


def _draw_day(
    drawing: Drawing,
    palette: Palette,
    cell: Box,
    row: Mapping[str, Any],
    today: date,
    words: Words,
) -> None:
    state, middle = state_of(row, today), cell.x + cell.width / 2
    is_full = state == "practised"
    if is_full:
        drawing.rect(*cell, fill=palette.amounts[2], rx=5)
    elif state == "frozen":
        inner = (cell.x + 0.75, cell.y + 0.75, cell.width - 1.5, cell.height - 1.5)
        drawing.rect(*inner, fill="none", stroke=palette.mark, stroke_width=1.5, rx=5)
    if row["date"] == today:
        ring = (cell.x - 1, cell.y - 1, cell.width + 2, cell.height + 2)
        drawing.rect(*ring, fill="none", stroke=palette.today, stroke_width=2, rx=6)
    ink = palette.on_mark if is_full else palette.quiet if state == "missed" else palette.ink
    number = words.number(row["date"].day)
    weight = 600 if is_full else None
    drawing.text(middle, cell.y + 17, number, fill=ink, size=SIZE, anchor="middle", weight=weight)
    _draw_sign(drawing, middle, cell.y + 27, state, palette)


def _draw_sign(drawing: Drawing, x: float, y: float, state: str, palette: Palette) -> None:
    """The sign below a day's number, so that no state is told by colour alone."""
    stroke: Attributes = {"stroke": palette.quiet, "stroke_width": 1.6}
    if state == "practised":
        side = -1 if drawing.mirrored else 1  # a tick is the same wherever people read from
        tick = [(x - 4 * side, y), (x - 1.2 * side, y + 2.8), (x + 4 * side, y - 3.2)]
        drawing.polyline(tick, stroke=palette.on_mark, stroke_width=1.8)
    elif state == "short":
        drawing.circle(x, y, 2.4, fill=palette.mark)
    elif state == "frozen":
        _draw_flake(drawing, x, y, stroke=palette.mark, stroke_width=1.4)
    elif state == "rest":
        drawing.line(x - 4, y, x + 4, y, **stroke)
    elif state == "paused":
        for bar in (x - 2, x + 2):
            drawing.line(bar, y - 3.5, bar, y + 3.5, **stroke)


def _draw_flake(drawing: Drawing, x: float, y: float, **stroke: str | float) -> None:
    arms = (((-4.5, 0), (4.5, 0)), ((-2.2, -3.9), (2.2, 3.9)), ((-2.2, 3.9), (2.2, -3.9)))
    lines = [[(x + ax, y + ay), (x + bx, y + by)] for (ax, ay), (bx, by) in arms]
    drawing.path(lines, **stroke)


def _legend(
    palette: Palette, answer: Mapping[str, Any], words: Words
) -> Sequence[tuple[Sign, str]]:
    """The states that occur, but for a missed day, which has no sign; and today."""
    found = {state_of(row, answer["today"]) for row in answer["calendar"]}
    items: list[tuple[Sign, str]] = [
        (partial(_sign, state=state, palette=palette), words.say("day_states", state))
        for state in STATES[:-1]
        if state in found
    ]
    if any(row["date"] == answer["today"] for row in answer["calendar"]):
        items.append((partial(_today, palette=palette), words.say("common", "unfinished")))
    return items


def _sign(drawing: Drawing, x: float, y: float, *, state: str, palette: Palette) -> None:
    if state == "practised":
        drawing.rect(x - 7, y - 7, 14, 14, fill=palette.amounts[2], rx=3)
    _draw_sign(drawing, x, y, state, palette)


def _today(drawing: Drawing, x: float, y: float, *, palette: Palette) -> None:
    drawing.rect(x - 6, y - 6, 12, 12, fill="none", stroke=palette.today, stroke_width=2, rx=3)
