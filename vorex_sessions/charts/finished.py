"""What every kind of chart does with its words, its drawing and its table."""

from collections.abc import Callable, Sequence

from vorex_sessions.charts.chart import Chart, Options, Row
from vorex_sessions.charts.svg import Drawing
from vorex_sessions.charts.words import Words


def finished(
    kind: str,
    words: Words,
    options: Options,
    *,
    sentence: str,
    columns: Row,
    has_data: bool,
    paint: Callable[[Drawing], float],
    table: Callable[[], Sequence[Row]],
    title: str = "",
) -> Chart:
    """The chart; `paint` draws it and returns its height.

    `title`: where it is not the one of the kind.
    """
    title = title or words.say(kind, "title")
    name = _name(kind, options)

    def draw() -> str:
        drawing = Drawing(options.width, mirrored=words.is_rtl)
        return drawing.finish(paint(drawing), name=name, title=title, description=sentence)

    return Chart(kind, title, sentence, columns, draw, has_data, words.direction, table)


def _name(kind: str, options: Options) -> str:
    """What its ids begin with: a document may have several of a kind, each asked for in another way."""
    asked = {name: getattr(options, name) for name in _TOLD}
    unusual = [f"{name}-{one}" for name, one in asked.items() if one != getattr(_USUAL, name)]
    return "-".join(["chart", kind, *unusual])


_TOLD = ("score", "year", "period", "language", "locale", "theme", "width")
_USUAL = Options()
