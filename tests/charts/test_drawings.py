"""What every drawing keeps to: the part of SVG that react-native-svg draws, and room for every text."""

import re
from itertools import combinations, pairwise, product

import pytest

from tests.charts.samples import SAMPLES, SIZES
from tests.charts.svg_reading import extent, marks, parse, tag
from tests.tools.charts import FOLDER, pictures
from vorex_sessions.charts import heatmap, rhythm, skills, streak, trend, vocabulary
from vorex_sessions.charts.chart import KINDS, Chart, Options
from vorex_sessions.charts.svg import Drawing, escaped

DRAW = {
    "heatmap": heatmap.draw,
    "trend": trend.draw,
    "skills": skills.draw,
    "streak": streak.draw,
    "vocabulary": vocabulary.draw,
    "rhythm": rhythm.draw,
}
LOCALES = ("en", "de", "es", "fr", "ar", "de-CH", "ja", "he", "hu")
WIDTHS = (320, 360, 500, 620, 640, 900, 1440)

# Of react-native-svg 15.16.1: the elements of src/xmlTags.ts, and what their props say of attributes
# (src/elements/, src/lib/extract/types.ts). An element that it does not know is left out with its texts, and
# an attribute that it does not know does nothing: those are for browsers.
_SHAPE = {"fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray"}
_TEXT = {"fill", "font-size", "font-weight", "text-anchor", "x", "y"}
_ROOT = {"width", "height", "viewBox", "font-family"}
_FOR_BROWSERS = {"role", "aria-labelledby", "direction"}  # with title and desc
SUPPORTED = {
    "svg": _ROOT | _FOR_BROWSERS,
    "title": {"id"},
    "desc": {"id"},
    "rect": {*_SHAPE, "x", "y", "width", "height", "rx"},
    "circle": {*_SHAPE, "cx", "cy", "r"},
    "line": {*_SHAPE, "x1", "y1", "x2", "y2"},
    "polyline": {*_SHAPE, "points"},
    "polygon": {*_SHAPE, "points"},
    "path": {*_SHAPE, "d"},
    "text": _TEXT,
}


def draw(kind: str, size: str = "full", **options: object) -> Chart:
    return DRAW[kind](SAMPLES[kind](size), Options(**options))


@pytest.mark.parametrize("kind", KINDS)
def test_a_drawing_has_only_what_react_native_svg_knows(kind: str) -> None:
    for size, locale, theme in product(SIZES, ("en", "ar"), ("light", "dark")):
        svg = draw(kind, size, locale=locale, theme=theme).svg
        for element in parse(svg).iter():
            assert element.attrib.keys() <= SUPPORTED[tag(element)], svg
        # Its parser shows entities as they are written.
        assert "&" not in svg
        assert not re.search(r"nan|inf|e-\d|None", svg)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("locale", LOCALES)
def test_every_text_has_room(kind: str, locale: str) -> None:
    for size, width in product(SIZES, WIDTHS):
        root = parse(draw(kind, size, locale=locale, width=width).svg)
        assert root.attrib["width"] == str(width)
        height, lines = float(root.attrib["height"]), {}
        for text in marks(root, "text"):
            start, end = extent(text)
            y, written = float(text.attrib["y"]), text.text
            assert start >= -0.5, (width, size, written)
            assert end <= width + 0.5, (width, size, written)
            assert float(text.attrib["font-size"]) * 0.7 <= y <= height, (width, size, written)
            lines.setdefault(y, []).append((start, end, written))
        for line in lines.values():
            line.sort()
            for (_, end, one), (start, _, other) in pairwise(line):
                assert end <= start + 0.5, (width, size, one, other)
        # Lines that are nearer to each other than digits are high, such as those of labels above bars.
        for y, below in combinations(sorted(lines), 2):
            if below - y < 8:
                for (start, end, one), (begin, stop, other) in product(lines[y], lines[below]):
                    assert end <= begin + 0.5 or stop <= start + 0.5, (width, size, one, other)


@pytest.mark.parametrize("kind", KINDS)
def test_a_drawing_is_named_and_described(kind: str) -> None:
    for size in SIZES:
        chart = draw(kind, size)
        root = parse(chart.svg)
        title, described = marks(root, "title")[0], marks(root, "desc")[0]
        assert root.attrib["role"] == "img"
        assert root.attrib["aria-labelledby"] == f"{title.attrib['id']} {described.attrib['id']}"
        assert (title.text, described.text) == (chart.title, chart.sentence)
        assert title.attrib["id"].startswith(f"chart-{kind}")
        assert chart.sentence[-1] in ".:"
        assert chart.has_data == (size != "empty")


def test_charts_of_one_page_share_no_id() -> None:
    charts = [draw(kind) for kind in KINDS]
    charts += [draw("trend", score=score) for score in ("fluency", "grammar")]
    charts += [
        draw("trend", period="year"),
        draw("trend", language="de"),
        draw("heatmap", year=2026),
    ]
    charts += [draw("trend", theme="dark"), draw("trend", width=320), draw("trend", locale="de")]
    ids = [found for chart in charts for found in re.findall(r' id="([^"]+)"', chart.svg)]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("kind", KINDS)
def test_where_people_read_from_right_to_left_everything_is_mirrored(kind: str) -> None:
    arabic, hebrew = draw(kind, locale="ar"), draw(kind, locale="he")
    english = draw(kind, locale="en")
    assert (arabic.direction, hebrew.direction, english.direction) == ("rtl", "rtl", "ltr")
    for element, name in (("text", "x"), ("rect", "x"), ("circle", "cx")):
        # Hebrew has English words, but its own dates: the same number of marks at mirrored places.
        there = [float(mark.attrib[name]) for mark in marks(parse(hebrew.svg), element)]
        here = [float(mark.attrib[name]) for mark in marks(parse(english.svg), element)]
        assert bool(there) == bool(here)
    for text in marks(parse(arabic.svg), "text"):
        assert text.text.startswith("\u2067")
        assert text.text.endswith("\u2069")


def test_a_mirrored_drawing_has_its_marks_at_the_other_side() -> None:
    drawing = Drawing(100, mirrored=True)
    drawing.rect(10, 5, 20, 8, fill="#000000")
    drawing.line(0, 1, 30, 2, stroke="#000000")
    drawing.text(10, 20, "abc", fill="#000000")
    drawing.squares([(10, 5)], 4, fill="#000000")
    root = parse(drawing.finish(30, name="x", title="t", description="d"))
    assert marks(root, "rect")[0].attrib["x"] == "70"
    assert (marks(root, "line")[0].attrib["x1"], marks(root, "line")[0].attrib["x2"]) == (
        "100",
        "70",
    )
    assert marks(root, "text")[0].attrib["text-anchor"] == "end"
    assert marks(root, "path")[0].attrib["d"] == "M86.0 5.0h4.0v4.0h-4.0z"


def test_whatever_a_text_holds_stays_a_text() -> None:
    hostile = "</text><script>alert(1)</script> & \" ' ]]> \x00\x1b\ufffe"
    drawing = Drawing(100)
    drawing.text(0, 10, hostile, fill="#000000")
    svg = drawing.finish(20, name="x", title=hostile, description=hostile)
    root = parse(svg)
    kept = hostile.replace("\x00", "").replace("\x1b", "").replace("\ufffe", "")
    assert marks(root, "text")[0].text == marks(root, "title")[0].text == kept
    assert [tag(element) for element in root.iter()] == ["svg", "title", "desc", "text"]
    assert escaped('"<&>') == "&quot;&lt;&amp;&gt;"


@pytest.mark.parametrize("kind", KINDS)
def test_a_table_has_a_cell_for_each_head(kind: str) -> None:
    for size in SIZES:
        chart = draw(kind, size)
        assert all(len(row) == len(chart.columns) for row in chart.rows)
        assert all(cell for row in chart.rows for cell in row)
        assert chart.rows or size == "empty"


def test_the_documentation_shows_what_is_drawn() -> None:
    kept = {path.name: path.read_text("utf-8").removesuffix("\n") for path in FOLDER.iterdir()}
    assert kept == pictures(), "`python -m tests.tools.charts` writes them anew"
