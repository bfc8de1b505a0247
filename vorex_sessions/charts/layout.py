"""Pure: what charts share: boxes, bars, wrapped texts, legends and the empty state."""

from collections.abc import Sequence
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
            drawing.rect(middle - wide / 2, box.bottom - high, wide, high, fill=fill, rx=min(2, wide / 4))
        if bar.below:
            text(drawing, palette, middle, box.bottom + SMALL + 5, bar.below, anchor="middle")
        if bar.above:
            ink = palette.ink if bar.is_highest else palette.quiet
            drawing.text(
                *(min(max(middle, box.x + text_width(bar.above, SMALL) / 2), box.right), box.bottom - high - 5),
                bar.above,
                **{"fill": ink, "size": SMALL, "anchor": "middle", "weight": 600 if bar.is_highest else None},
            )


def bar_height(value: float, most: float, height: float) -> float:
    """How high a bar is; what is not nothing can be seen."""
    return max(value / most * height, 1.5) if value else 0.0


def text(
    drawing: Drawing, palette: Palette, x: float, y: float, words: str, anchor: str = "start"
) -> None:
    """A quiet text."""
    drawing.text(x, y, words, fill=palette.quiet, size=SMALL, anchor=anchor)


def heading(drawing: Drawing, palette: Palette, x: float, y: float, words: str) -> None:
    """What a part of a chart shows."""
    drawing.text(x, y, words, fill=palette.ink, size=SIZE, weight=600)


def wrapped(words: str, size: float, width: float) -> list[str]:
    """A text in lines that are no wider than `width`, but for single words."""
    lines: list[str] = []
    for word in words.split(" "):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and text_width(longer, size) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def empty(drawing: Drawing, palette: Palette, box: Box, words: str) -> None:
    """Say in the middle of an empty chart what will be there."""
    lines = wrapped(words, SIZE, min(box.width - 24, 380))
    top = box.y + (box.height - (len(lines) - 1) * SIZE * _LINE) / 2 + SIZE / 3
    for place, line in enumerate(lines):
        drawing.text(
            *(box.x + box.width / 2, top + place * SIZE * _LINE, line),
            **{"fill": palette.ink, "size": SIZE, "anchor": "middle"},
        )
