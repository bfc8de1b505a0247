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
    part: str = "",
) -> Chart:
    """The chart; `paint` draws it and returns its height.

    `title`: where it is not the one of the kind. `part`: of a kind that can be drawn in parts, so that the
    ids of several do not collide.
    """
    title = title or words.say(kind, "title")
    name = "-".join(("chart", kind, part) if part else ("chart", kind))

    def draw() -> str:
        drawing = Drawing(options.width, mirrored=words.is_rtl)
        return drawing.finish(paint(drawing), name=name, title=title, description=sentence)

    return Chart(kind, title, sentence, columns, draw, has_data, words.direction, table)
