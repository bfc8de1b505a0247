"""Reads drawings back: elements, texts, and the values that marks stand for."""

import re
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from tests.factories import Learner
from vorex_sessions.charts.svg import text_width

_NAMESPACE = "{http://www.w3.org/2000/svg}"
ISOLATES = "\u2067\u2069"


def fetch(learner: Learner, kind: str, **query: object) -> Element:
    """The chart that the service draws."""
    path = f"/api/sessions/charts/{kind}.svg"
    response = learner.request("GET", path, query_string=query)
    assert response.status_code == 200, response.text
    assert response.content_type == "image/svg+xml"
    return parse(response.text)


def parse(svg: str) -> Element:
    return ElementTree.fromstring(svg)


def tag(element: Element) -> str:
    return element.tag.removeprefix(_NAMESPACE)


def marks(root: Element, name: str, **attributes: str) -> list[Element]:
    """The elements of a name with these attributes."""
    wanted = {key.replace("_", "-"): value for key, value in attributes.items()}
    return [
        element
        for element in root.iter(_NAMESPACE + name)
        if wanted.items() <= element.attrib.items()
    ]


def texts(root: Element) -> list[str]:
    return [(element.text or "").strip(ISOLATES) for element in marks(root, "text")]


def description(root: Element) -> str:
    return marks(root, "desc")[0].text or ""


def numbers(text: str) -> list[float]:
    """The numbers in an English text."""
    return [float(found.replace(",", "")) for found in re.findall(r"\d[\d,]*(?:\.\d+)?", text)]


def corners(path: Element) -> list[tuple[float, float]]:
    """Where each part of a path begins."""
    found = re.findall(r"M(-?[\d.]+) (-?[\d.]+)", path.attrib["d"])
    return [(float(x), float(y)) for x, y in found]


def extent(text: Element) -> tuple[float, float]:
    """From where to where a text reaches."""
    size, weight = float(text.attrib["font-size"]), text.attrib.get("font-weight")
    wide = text_width((text.text or "").strip(ISOLATES), size, bold=bool(weight))
    x = float(text.attrib["x"])
    part = {"start": 0.0, "middle": 0.5, "end": 1.0}[text.attrib.get("text-anchor", "start")]
    return x - part * wide, x + (1 - part) * wide
