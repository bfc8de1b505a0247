"""Pure: what charts share: boxes, bars, wrapped texts, legends and the empty state."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from vorex_sessions.charts.palette import Palette
from vorex_sessions.charts.svg import Drawing, text_width

SIZE, SMALL = 13.0, 11.5  # of texts
EDGE = 2.0  # pixels that are left free at each edge
_LINE = 1.45  # distance of lines, as a part of their size
_GAP = 0.32  # between bars, as a part of their distance


class Box(NamedTuple):
    """A part of a drawing."""

    x: float
    y: float
    width: float
    height: float

    @property
    def bottom(self) -> float:
        """Its lower edge."""
        return self.y + self.height

    @property
    def right(self) -> float:
        """Its right edge."""
        return self.x + self.width

    def holds(self, x: float, y: float) -> bool:
        """Whether a point is in it."""
        return self.x <= x <= self.right and self.y <= y <= self.bottom


class Bar(NamedTuple):
    """A bar: its value, what stands below and above it, whether it is the one to look at."""

    value: float
    below: str = ""
    above: str = ""
    is_highest: bool = False


def bars(drawing: Drawing, palette: Palette, box: Box, values: Sequence[Bar]) -> None:
    """Bars that fill a box; their labels stand below it and, above each bar, in it."""
    pitch = box.width / len(values)
    wide = max(min(pitch * (1 - _GAP), 40), 2)
    room = SMALL + 6  # for the label of the highest bar
    most = max((bar.value for bar in values), default=0) or 1
    drawing.line(box.x, box.bottom + 0.5, box.right, box.bottom + 0.5, stroke=palette.grid)
    for place, bar in enumerate(values):
        middle = box.x + (place + 0.5) * pitch
        high = bar_height(bar.value, most, box.height - room)
        fill = palette.amounts[2] if bar.is_highest else palette.mark
        if high:
            drawing.rect(
                middle - wide / 2, box.bottom - high, wide, high, fill=fill, rx=min(2, wide / 4)
            )
        if bar.below:
            label(drawing, palette, middle, box.bottom + SMALL + 5, bar.below)
        if bar.above:
            ink, weight = (palette.ink, 600) if bar.is_highest else (palette.quiet, None)
            label(drawing, palette, middle, box.bottom - high - 5, bar.above, ink, weight)


def have_room(labels: Sequence[str], highest: int, pitch: float) -> bool:
    """Whether labels above bars at this distance keep apart; that of the highest one is bold."""
    widths = (text_width(one, SMALL, bold=at == highest) for at, one in enumerate(labels))
    return max(widths, default=0) + 2 < pitch


def bar_height(value: float, most: float, height: float) -> float:
    """How high a bar is; what is not nothing can be seen."""
    return max(value / most * height, 1.5) if value else 0.0


def text(
    drawing: Drawing, palette: Palette, x: float, y: float, words: str, anchor: str = "start"
) -> None:
    """A quiet text."""
    drawing.text(x, y, words, fill=palette.quiet, size=SMALL, anchor=anchor)


def label(
    drawing: Drawing,
    palette: Palette,
    x: float,
    y: float,
    words: str,
    ink: str | None = None,
    weight: int | None = None,
) -> None:
    """A text in the middle above or below a mark, moved where it would leave the drawing."""
    half = text_width(words, SMALL, bold=bool(weight)) / 2
    x = min(max(x, EDGE + half), drawing.width - EDGE - half)
    drawing.text(x, y, words, fill=ink or palette.quiet, size=SMALL, anchor="middle", weight=weight)


def heading(drawing: Drawing, palette: Palette, x: float, y: float, words: str) -> None:
    """What a part of a chart shows."""
    drawing.text(x, y, words, fill=palette.ink, size=SIZE, weight=600)


def wrapped(words: str, size: float, width: float) -> list[str]:
    """A text in lines that are no wider than `width`, but for single words."""
    lines: list[str] = []
    for word in words.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and text_width(longer, size) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def paragraph(drawing: Drawing, palette: Palette, box: Box, words: str) -> float:
    """A text in as many lines as it takes; returns where it ends."""
    y = box.y
    for line in wrapped(words, SIZE, box.width):
        y += SIZE * _LINE
        drawing.text(box.x, y, line, fill=palette.quiet, size=SIZE)
    return y


def empty(drawing: Drawing, palette: Palette, box: Box, words: str) -> Box:
    """Say in the middle of an empty chart what will be there; returns the place that this takes."""
    lines = wrapped(words, SIZE, min(box.width - 24, 380))
    high = len(lines) * SIZE * _LINE
    top, middle = box.y + (box.height - high) / 2, box.x + box.width / 2
    for place, line in enumerate(lines):
        y = top + place * SIZE * _LINE + SIZE
        drawing.text(middle, y, line, fill=palette.ink, size=SIZE, anchor="middle")
    wide = max((text_width(line, SIZE) for line in lines), default=0) + 16
    return Box(middle - wide / 2, top - 6, wide, high + 8) if words else Box(0, 0, 0, 0)


Sign = Callable[[Drawing, float, float], None]


def legend(
    drawing: Drawing, palette: Palette, box: Box, items: Sequence[tuple[Sign, str]]
) -> float:
    """Signs with what they mean, in lines of the box's width; returns where it ends."""
    x, y = box.x, box.y
    for sign, words in items:
        wide = _SIGN + text_width(words, SMALL) + 14
        if x > box.x and x + wide - 14 > box.right:
            x, y = box.x, y + SMALL * 1.7
        sign(drawing, x + _SIGN / 2 - 2, y + SMALL / 2)
        text(drawing, palette, x + _SIGN, y + SMALL - 1.5, words)
        x += wide
    return y + SMALL + 4


_SIGN = 18  # pixels from a sign's left edge to its words
