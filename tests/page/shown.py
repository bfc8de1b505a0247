"""What a page shows, read from its HTML as a browser reads it."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

_VOID = {"meta", "link", "img", "source", "br"}


@dataclass
class Shown:
    """The parts of a page."""

    language: str = ""
    direction: str = ""
    title: str = ""
    text: str = ""
    sections: list[str] = field(default_factory=list)
    # Figures by their ids without `figure-`: the value, and what is written for it.
    figures: dict[str, tuple[str | None, str]] = field(default_factory=dict)
    # Tables by the sections that they are in: rows of cells, the heads first.
    tables: dict[str, list[list[str]]] = field(default_factory=dict)
    words: list[str] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)
    tags: set[str] = field(default_factory=set)
    attributes: set[str] = field(default_factory=set)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.shown = Shown()
        self.open: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes, shown = dict(attrs), self.shown
        shown.tags.add(tag)
        shown.attributes |= attributes.keys()
        shown.addresses += [
            value or ""
            for name, value in attrs
            if name in ("src", "srcset", "href", "action", "data")
        ]
        if tag == "html":
            shown.language, shown.direction = attributes["lang"] or "", attributes["dir"] or ""
        if tag == "section":
            shown.sections.append(attributes["id"] or "")
        if tag == "table":
            shown.tables[shown.sections[-1]] = []
        if tag == "tr":
            shown.tables[shown.sections[-1]].append([])
        if tag in ("td", "th"):
            shown.tables[shown.sections[-1]][-1].append("")
        if (attributes.get("id") or "").startswith("figure-"):
            self.figure = (attributes["id"] or "").removeprefix("figure-")
            shown.figures[self.figure] = (None, "")
        if tag == "data":
            shown.figures[self.figure] = (attributes["value"], "")
        if tag not in _VOID:
            self.open.append((tag, attributes))

    def handle_endtag(self, tag: str) -> None:
        assert self.open[-1][0] == tag, f"</{tag}> in {self.open}"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        shown, inside = self.shown, [tag for tag, _ in self.open]
        shown.text += data
        if inside[-1:] == ["title"]:
            shown.title += data
        if inside[-1:] in (["td"], ["th"]):
            shown.tables[shown.sections[-1]][-1][-1] += data
        if inside[-1:] == ["data"]:
            value, text = shown.figures[self.figure]
            shown.figures[self.figure] = (value, text + data)
        if inside[-1:] == ["bdi"]:
            shown.words.append(data)


def read(html: str) -> Shown:
    """Read a page; every element must be closed in its place."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    assert reader.open == []
    return reader.shown
