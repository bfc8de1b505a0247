"""Pure: the skills of a language by domain and level, a square for each; its filling is the mastery."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from vorex_sessions.charts.chart import NOTHING, Chart, Options, Row
from vorex_sessions.charts.finished import finished
from vorex_sessions.charts.layout import EDGE, SIZE, SMALL, Box, Sign, empty, heading, legend, text
from vorex_sessions.charts.palette import PALETTES, Palette
from vorex_sessions.charts.svg import Drawing, Point, text_width
from vorex_sessions.charts.words import Words, words_of
from vorex_sessions.skill_graph import LEVELS
from vorex_sessions.skills.choosing import STATUSES

_PITCH, _SIDE, _DOT = 13.0, 10.0, 3.0  # of the squares, and the side of a dot
_WIDE = 620  # pixels: from then on the names of domains stand before their lines
_LINE_GAP, _LEVELS_HIGH = 14, SMALL + 10
Nodes = Sequence[Mapping[str, Any]]


def draw(answer: Mapping[str, Any], options: Options) -> Chart:
    """The chart of what `skills` answers."""
    words, nodes = words_of(options.locale), answer["nodes"]
    has_data = any(node["evidence"] for node in nodes)
    # Named where the chart stands: the other charts are of all of a learner's languages.
    language = words.language(answer["language"])
    sentence = _sentence(nodes, words, has_data, language)

    def paint(drawing: Drawing) -> float:
        if nodes:
            return _draw(drawing, nodes, words, options)
        return _nothing(drawing, options, sentence)

    return finished(
        "skills",
        words,
        options,
        sentence=sentence,
        columns=tuple(words.say("skills", name) for name in _COLUMNS),
        has_data=has_data,
        paint=paint,
        table=lambda: [_row(node, words) for node in nodes],
    )


_COLUMNS = ("domain", "level", "skill", "status", "mastery")


def _sentence(nodes: Nodes, words: Words, has_data: bool, language: str) -> str:
    if not nodes:
        return words.say("skills", "no_graph", language=language)
    skills = words.count("skills", len(nodes))
    if not has_data:
        return words.say("skills", "empty", language=language, skills=skills)
    counts = {status: sum(node["status"] == status for node in nodes) for status in STATUSES}
    return words.say(
        "skills",
        "sentence",
        language=language,
        mastered=words.number(counts["mastered"]),
        learning=words.number(counts["learning"]),
        ready=words.number(counts["ready"]),
        skills=skills,
    )


def _row(node: Mapping[str, Any], words: Words) -> Row:
    mastery = node["mastery"]
    return (
        _domain(node["domain"], words),
        node["level"],
        node["name"],
        words.say("statuses", node["status"]),
        NOTHING if mastery is None else words.percent(mastery),
    )


def _domain(domain: str, words: Words) -> str:
    return words.say_if_known("domains", domain) or domain


def _nothing(drawing: Drawing, options: Options, sentence: str) -> float:
    empty(drawing, PALETTES[options.theme], Box(EDGE, 0, options.width - 2 * EDGE, 100), sentence)
    return 100


def _draw(drawing: Drawing, nodes: Nodes, words: Words, options: Options) -> float:
    """Draw a line for each domain with a column for each level, and the legend; return the height."""
    palette = PALETTES[options.theme]
    domains = list(dict.fromkeys(node["domain"] for node in nodes))
    names = {domain: _domain(domain, words) for domain in domains}
    is_wide = options.width >= _WIDE
    left = (
        max(text_width(name, SIZE, bold=True) for name in names.values()) + 16 if is_wide else EDGE
    )
    column = (options.width - EDGE - left) / len(LEVELS)
    across = max(int((column - 10) // _PITCH), 1)
    for place, level in enumerate(LEVELS):
        text(drawing, palette, left + place * column, SMALL, level)
    y, squares = float(_LEVELS_HIGH), _Squares()
    for domain in domains:
        of_domain = [node for node in nodes if node["domain"] == domain]
        drawing.line(EDGE, y + 0.5, options.width - EDGE, y + 0.5, stroke=palette.grid)
        y += 8
        heading(drawing, palette, EDGE, y + SIZE - 2, names[domain])
        y += 0 if is_wide else SIZE + 9
        most = 1
        for place, level in enumerate(LEVELS):
            cell = [node for node in of_domain if node["level"] == level]
            corner = (left + place * column, y + SMALL + 6)
            _say_mastered(drawing, palette, corner, cell, words)
            squares.add_all(cell, corner, across)
            most = max(most, -(-len(cell) // across))
        y += SMALL + 6 + most * _PITCH + _LINE_GAP - (_PITCH - _SIDE)
    squares.draw(drawing, palette)
    box = Box(EDGE, y + 2, options.width - 2 * EDGE, 0)
    return legend(drawing, palette, box, _legend(palette, words))


class _Squares:
    """The squares of all skills by what is drawn of them: a full one, a filling, an outline, a dot."""

    def __init__(self) -> None:
        self.full: list[Point] = []
        self.fillings: list[Sequence[float]] = []
        self.outlines: list[Point] = []
        self.dots: list[Point] = []

    def add(self, x: float, y: float, status: str, mastery: float | None) -> None:
        """Add a skill at a place."""
        if status == "mastered":
            self.full.append((x, y))
        elif status == "locked":
            self.dots.append((x + (_SIDE - _DOT) / 2, y + (_SIDE - _DOT) / 2))
        else:
            self.outlines.append((x + 0.5, y + 0.5))
            if mastery:
                high = (_SIDE - 2) * mastery
                self.fillings.append((x + 1, y + _SIDE - 1 - high, _SIDE - 2, high))

    def add_all(self, nodes: Nodes, at: Point, across: int) -> None:
        """Add the skills of a domain and level, the best known first, in lines of so many."""

        def place_of(node: Mapping[str, Any]) -> tuple[int, float]:
            return -STATUSES.index(node["status"]), -(node["mastery"] or 0)

        for place, node in enumerate(sorted(nodes, key=place_of)):
            row, column = divmod(place, across)
            x, y = at[0] + column * _PITCH, at[1] + row * _PITCH
            self.add(x, y, node["status"], node["mastery"])

    def draw(self, drawing: Drawing, palette: Palette) -> None:
        """Draw all of them."""
        drawing.squares(self.full, _SIDE, fill=palette.amounts[2])
        drawing.squares(self.dots, _DOT, fill=palette.quiet)
        drawing.blocks(self.fillings, fill=palette.amounts[0])
        drawing.squares(self.outlines, _SIDE - 1, fill="none", stroke=palette.mark)


def _say_mastered(
    drawing: Drawing, palette: Palette, at: Point, nodes: Nodes, words: Words
) -> None:
    """How many skills of a domain and level are mastered, above their squares."""
    if nodes:
        mastered = sum(node["status"] == "mastered" for node in nodes)
        count = words.say("skills", "of", n=words.number(mastered), all=words.number(len(nodes)))
        text(drawing, palette, at[0], at[1] - 7, count)


def _legend(palette: Palette, words: Words) -> list[tuple[Sign, str]]:
    shown = (("mastered", 1.0), ("learning", 0.5), ("ready", None), ("locked", None))
    return [
        (
            partial(_sign, status=status, mastery=mastery, palette=palette),
            words.say_if_known("statuses", f"{status}_means") or words.say("statuses", status),
        )
        for status, mastery in shown
    ]


def _sign(
    drawing: Drawing, x: float, y: float, *, status: str, mastery: float | None, palette: Palette
) -> None:
    squares = _Squares()
    squares.add(x - _SIDE / 2, y - _SIDE / 2, status, mastery)
    squares.draw(drawing, palette)
