"""Pure: a learner's words, how well they are known, and how many will be due on each of the next days."""

from collections.abc import Mapping, Sequence
from typing import Any

from vorex_sessions.charts.chart import Chart, Options, Row
from vorex_sessions.charts.finished import finished
from vorex_sessions.charts.layout import (
    EDGE,
    SIZE,
    SMALL,
    Bar,
    Box,
    bars,
    empty,
    have_room,
    heading,
    text,
    wrapped,
)
from vorex_sessions.charts.palette import PALETTES, Palette
from vorex_sessions.charts.svg import Drawing, text_width
from vorex_sessions.charts.words import Words, words_of

_BIG, _BAR, _SWATCH = 22.0, 12.0, 9.0
_HEIGHT, _LINE = 100, SMALL * 1.35
# From the least to the best known: the stronger, the better.
_STATUSES = ("due", "learning", "known")


def draw(answer: Mapping[str, Any], options: Options) -> Chart:
    """The chart of what `count_words` answers."""
    words = words_of(options.locale)
    counts = {status: answer[status] for status in _STATUSES}
    has_data = any(counts.values())
    return finished(
        "vocabulary",
        words,
        options,
        sentence=_sentence(answer, words, has_data),
        columns=(words.say("vocabulary", "what"), words.say("vocabulary", "words")),
        has_data=has_data,
        paint=lambda drawing: _draw(drawing, answer, counts, words, options, has_data),
        table=lambda: _rows(answer, counts, words),
    )


def _sentence(answer: Mapping[str, Any], words: Words, has_data: bool) -> str:
    if not has_data:
        return words.say("vocabulary", "empty")
    return words.say(
        "vocabulary",
        "sentence",
        words=words.count("words", sum(answer[status] for status in _STATUSES)),
        due=words.number(answer["due"]),
        learning=words.number(answer["learning"]),
        known=words.number(answer["known"]),
        coming=words.number(sum(row["words"] for row in answer["forecast"])),
    )


def _rows(answer: Mapping[str, Any], counts: Mapping[str, int], words: Words) -> Sequence[Row]:
    rows = [(words.say("word_statuses", name), words.number(counts[name])) for name in _STATUSES]
    for row in answer["forecast"]:
        due = words.say("vocabulary", "due_on", day=words.day(row["date"]))
        rows.append((due, words.number(row["words"])))
    return rows


def _draw(
    drawing: Drawing,
    answer: Mapping[str, Any],
    counts: Mapping[str, int],
    words: Words,
    options: Options,
    has_data: bool,
) -> float:
    """Draw the words of each status and the forecast; return the height."""
    palette, width = PALETTES[options.theme], options.width - 2 * EDGE
    if not has_data:
        box = Box(EDGE, 0, width, _HEIGHT)
        drawing.line(box.x, box.bottom + 0.5, box.right, box.bottom + 0.5, stroke=palette.grid)
        empty(drawing, palette, box, words.say("vocabulary", "empty"))
        return box.bottom + 4
    top = _draw_statuses(drawing, palette, Box(EDGE, 0, width, 0), counts, words)
    heading(drawing, palette, EDGE, top + SIZE, words.say("vocabulary", "forecast"))
    box = Box(EDGE, top + SIZE + 8, width, _HEIGHT)
    bars(drawing, palette, box, _forecast(answer["forecast"], words, width))
    return box.bottom + SMALL + 12


def _draw_statuses(
    drawing: Drawing, palette: Palette, box: Box, counts: Mapping[str, int], words: Words
) -> float:
    """A number for each status above one bar of all; returns where it ends."""
    colours = dict(zip(_STATUSES, palette.amounts, strict=False))
    column, total, x = box.width / len(_STATUSES), sum(counts.values()), box.x
    gaps = 2.0 * (sum(1 for count in counts.values() if count) - 1)
    names = {
        status: wrapped(words.say("word_statuses", status), SMALL, column - _SWATCH - 8)
        for status in counts
    }
    y = _BIG + 8 + max(map(len, names.values())) * _LINE
    for place, (status, count) in enumerate(counts.items()):
        left = box.x + place * column
        drawing.text(left, _BIG, words.number(count), fill=palette.ink, size=_BIG, weight=600)
        drawing.rect(left, _BIG + 9, _SWATCH, _SWATCH, fill=colours[status])
        for number, line in enumerate(names[status]):
            at = _BIG + 8 + SMALL - 1.5 + number * _LINE
            text(drawing, palette, left + _SWATCH + 5, at, line)
        wide = (box.width - gaps) * count / total
        if count:
            drawing.rect(x, y + 4, wide, _BAR, fill=colours[status])
            x += wide + 2
    return y + _BAR + 22


def _forecast(rows: Sequence[Mapping[str, Any]], words: Words, width: float) -> list[Bar]:
    """A bar for each day; where there is no room for all labels, only some have one."""
    highest = max(range(len(rows)), key=lambda place: (rows[place]["words"], -place))
    pitch = width / len(rows)
    days = [words.short_day(row["date"]) for row in rows]
    every = _every(max(text_width(day, SMALL) for day in days) + 6, pitch)
    counts = [words.number(row["words"]) for row in rows]
    has_room = have_room(counts, highest, pitch)
    return [
        Bar(
            row["words"],
            days[place] if place % every == 0 else "",
            counts[place] if row["words"] and (has_room or place == highest) else "",
            place == highest,
        )
        for place, row in enumerate(rows)
    ]


def _every(wide: float, pitch: float) -> int:
    """Every how many bars have a label: the first one may move to the right, up to the middle of its own."""
    return next((step for step in range(1, 7) if (step + 0.5) * pitch >= 1.5 * wide), 7)
