"""Pure: a share card as SVG."""

import math
from collections.abc import Mapping
from typing import Any

from vorex_sessions.charts.layout import wrapped
from vorex_sessions.charts.palette import PALETTES
from vorex_sessions.charts.svg import Drawing, text_width
from vorex_sessions.page.texts import Texts, choose

_WIDTH, _EDGE, _ROW = 600, 36, 108
_HEAD, _FOOT = 96, 64
_VALUE, _LABEL, _TITLE = 40, 17, 24
_APART = 32  # pixels that stay free between two columns: more than a space between words
_NOUNS = {
    "streak_days": "days",
    "longest_streak_days": "days",
}


def draw(card: Mapping[str, Any]) -> str:
    """The card: its figures in two columns, and the day on which it was made."""
    texts = Texts(choose(card["locale"], ()))
    figures = card["figures"]
    palette = PALETTES[card["theme"]]
    rows = (len(figures) + 1) // 2
    height = _HEAD + rows * _ROW + _FOOT
    drawing = Drawing(_WIDTH, mirrored=texts.words.is_rtl)
    drawing.rect(0, 0, _WIDTH, height, fill=palette.backgrounds[1])
    drawing.rect(0, 0, 10, height, fill=palette.mark)
    title = texts.say("card", "title")
    drawing.text(_EDGE, _EDGE + _TITLE, title, fill=palette.ink, size=_TITLE, weight=600)
    shown = [(texts.say("card", one["name"]), _value(one, texts)) for one in figures]
    column = (_WIDTH - 2 * _EDGE) / 2
    wide = column - _APART
    for place, (label, value) in enumerate(shown):
        x, y = _EDGE + place % 2 * column, _HEAD + place // 2 * _ROW
        size = _size(value, wide)
        drawing.text(x, y + _VALUE, value, fill=palette.mark, size=size, weight=600)
        for line, text in enumerate(wrapped(label, _LABEL, wide)):
            drawing.text(x, y + _VALUE + 28 + line * 20, text, fill=palette.ink, size=_LABEL)
    day = texts.say("card", "as_of", day=texts.words.day(card["created_at"].date()))
    drawing.text(_EDGE, height - 28, day, fill=palette.quiet, size=15)
    described = ". ".join(f"{label}: {value}" for label, value in shown)
    return drawing.finish(height, name="card", title=title, description=f"{described}. {day}")


def _size(value: str, wide: float) -> float:
    """The size of the font in which a value is no wider than its column."""
    # Rounded down: a drawing writes sizes with one decimal.
    fitting = math.floor(wide / text_width(value, 1, bold=True) * 10) / 10
    return min(_VALUE, fitting)


def _value(figure: Mapping[str, Any], texts: Texts) -> str:
    name, value = figure["name"], figure["value"]
    if name == "practice_minutes":
        return texts.duration(value * 60)
    if name in _NOUNS:
        return texts.words.count(_NOUNS[name], value)
    return texts.words.number(value)
