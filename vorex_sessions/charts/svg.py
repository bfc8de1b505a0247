"""Pure: writes SVG with presentation attributes alone, in the part of SVG that react-native-svg draws.

A drawing is made as for a locale that is read from left to right; where it is read from right to left, all of
it is mirrored, and texts are isolated so that they keep their order wherever the drawing stands.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache

Point = tuple[float, float]
Attributes = dict[str, str | float]
# Font families that every system has; react-native-svg takes the system's font where it knows none of them.
_FONTS = "system-ui, sans-serif"
_UNSAFE = re.compile(r"[&<>\"\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}
_ISOLATED_RTL, _END_OF_ISOLATE = "\u2067", "\u2069"
_ANCHORS = {"start": "end", "middle": "middle", "end": "start"}
# Widths of characters, as parts of the size of the font: a little more than common fonts have.
_BOLD = 1.15
_NARROW = frozenset("iljItf.,:;'|!()[] \u00a0\u202f\u2019")
_WIDE = frozenset("mwMWQ%@\u2013\u2014\u0633\u0634\u0635\u0636")


def escaped(text: str) -> str:
    """The text for an element or an attribute; what XML forbids is left out."""
    return _UNSAFE.sub(lambda found: _ENTITIES.get(found[0], ""), text)


def number(value: float) -> str:
    """A coordinate with at most one decimal."""
    whole = int(value)
    return str(whole) if whole == value else f"{value:.1f}"


@lru_cache(maxsize=4096)
def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """How wide a text is at most in a common font; the service has no fonts to measure with."""
    return size * sum(map(_character_width, text)) * (_BOLD if bold else 1)


def _character_width(character: str) -> float:
    if character in _NARROW:
        return 0.34
    if character in _WIDE:
        return 0.92
    if unicodedata.combining(character) or unicodedata.category(character) == "Cf":
        return 0.0
    if unicodedata.east_asian_width(character) in "WF":
        return 1.05
    return 0.7 if character.isupper() else 0.6


class Drawing:
    """An SVG drawing of a width, on which marks are put from the back to the front."""

    def __init__(self, width: float, *, mirrored: bool = False) -> None:
        self.width, self.mirrored = width, mirrored
        self._parts: list[str] = []

    def rect(
        self, x: float, y: float, width: float, height: float, **attributes: str | float
    ) -> None:
        """A rectangle."""
        left = self.width - x - width if self.mirrored else x
        self._put("rect", {"x": left, "y": y, "width": width, "height": height, **attributes})

    def circle(self, x: float, y: float, radius: float, **attributes: str | float) -> None:
        """A circle."""
        self._put("circle", {"cx": self._x(x), "cy": y, "r": radius, **attributes})

    def line(self, x1: float, y1: float, x2: float, y2: float, **attributes: str | float) -> None:
        """A straight line."""
        ends = {"x1": self._x(x1), "y1": y1, "x2": self._x(x2), "y2": y2}
        self._put("line", {**ends, **attributes})

    def polyline(self, points: Iterable[Point], **attributes: str | float) -> None:
        """A line through points."""
        self._put(
            "polyline", {"points": " ".join(map(self._pair, points)), "fill": "none", **attributes}
        )

    def polygon(self, points: Iterable[Point], **attributes: str | float) -> None:
        """An area between points."""
        self._put("polygon", {"points": " ".join(map(self._pair, points)), **attributes})

    def squares(self, corners: Iterable[Point], side: float, **attributes: str | float) -> None:
        """Squares of one size as one path: hundreds of elements would be slow to draw on a phone."""
        outline = f"h{side:.1f}v{side:.1f}h-{side:.1f}z"
        if self.mirrored:
            corners = ((self.width - x - side, y) for x, y in corners)
        self._put_path([f"M{x:.1f} {y:.1f}{outline}" for x, y in corners], attributes)

    def blocks(self, boxes: Iterable[Sequence[float]], **attributes: str | float) -> None:
        """Rectangles as one path, each given by x, y, width and height."""
        if self.mirrored:
            boxes = ((self.width - x - wide, y, wide, high) for x, y, wide, high in boxes)
        steps = [f"M{x:.1f} {y:.1f}h{w:.1f}v{h:.1f}h-{w:.1f}z" for x, y, w, h in boxes]
        self._put_path(steps, attributes)

    def circles(self, centres: Iterable[Point], radius: float, **attributes: str | float) -> None:
        """Circles of one size as one path."""
        arc, across = f"a{radius:.1f} {radius:.1f} 0 1 0", f"{2 * radius:.1f}"
        outline = f"{arc} {across} 0{arc} -{across} 0z"
        if self.mirrored:
            centres = ((self.width - x, y) for x, y in centres)
        self._put_path([f"M{x - radius:.1f} {y:.1f}{outline}" for x, y in centres], attributes)

    def path(self, lines: Iterable[Sequence[Point]], **attributes: str | float) -> None:
        """Lines through points, each of its own, as one path."""
        steps = ["M" + "L".join(map(self._pair, line)) for line in lines]
        self._put_path(steps, {"fill": "none", **attributes})

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        fill: str,
        size: float = 12,
        anchor: str = "start",
        weight: int | None = None,
    ) -> None:
        """A text; `y` is its base line."""
        if self.mirrored:
            anchor = _ANCHORS[anchor]
            text = f"{_ISOLATED_RTL}{text}{_END_OF_ISOLATE}"
        place = f'x="{number(self._x(x))}" y="{number(y)}" fill="{fill}" font-size="{number(size)}"'
        anchored = "" if anchor == "start" else f' text-anchor="{anchor}"'
        heavy = f' font-weight="{weight}"' if weight else ""
        self._parts.append(f"<text {place}{anchored}{heavy}>{escaped(text)}</text>")

    def finish(self, height: float, *, name: str, title: str, description: str) -> str:
        """The whole element; `name` begins its ids."""
        width = number(self.width)
        size = f'width="{width}" height="{number(height)}" viewBox="0 0 {width} {number(height)}"'
        labels = f'role="img" aria-labelledby="{name}-title {name}-desc"'
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} {labels} direction="ltr" '
            f'font-family="{_FONTS}"><title id="{name}-title">{escaped(title)}</title>'
            f'<desc id="{name}-desc">{escaped(description)}</desc>{"".join(self._parts)}</svg>'
        )

    def _x(self, x: float) -> float:
        return self.width - x if self.mirrored else x

    def _pair(self, point: Point) -> str:
        return f"{self._x(point[0]):.1f} {point[1]:.1f}"

    def _put_path(self, steps: Sequence[str], attributes: Attributes) -> None:
        if steps:
            self._put("path", {"d": "".join(steps), **attributes})

    def _put(self, element: str, attributes: Attributes) -> None:
        written = "".join(
            [
                f' {name.replace("_", "-")}="{value if isinstance(value, str) else number(value)}"'
                for name, value in attributes.items()
            ]
        )
        self._parts.append(f"<{element}{written}/>")
