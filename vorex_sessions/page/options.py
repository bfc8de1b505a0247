"""Pure: how a page is asked for. What cannot be read is left out, since a person has no use for an error."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import language_tags
from vorex_sessions.charts.chart import FIRST_YEAR, KINDS, LAST_YEAR
from vorex_sessions.periods import zone_name

FIGURES, INSIGHTS = "figures", "insights"
# The parts of the page, in their order; all but the first two have the chart of their name.
PARTS = (FIGURES, INSIGHTS, "streak", "vocabulary", "heatmap", "trend", "skills", "rhythm")
_PERIODS = ("month", "year")
_YEAR = re.compile("[0-9]{4}")


@dataclass(frozen=True)
class Options:
    """What a page shows, and how. `given` are the parameters, for links to the same."""

    parts: tuple[str, ...]
    embed: bool
    zone_name: str | None
    language: str | None
    period: str
    year: int | None
    given: Mapping[str, str]

    @property
    def kinds(self) -> tuple[str, ...]:
        """The charts."""
        return tuple(part for part in self.parts if part in KINDS)

    @property
    def query(self) -> str:
        """The parameters as a query, with `?` where there are any."""
        return f"?{urlencode(self.given)}" if self.given else ""


def read(query: Mapping[str, str]) -> Options:
    """The options of a query."""
    given = {name: value for name, value in query.items() if name in _NAMES}
    wanted = set(given.get("parts", "").split(","))
    year = given.get("year", "")
    is_year = bool(_YEAR.fullmatch(year)) and FIRST_YEAR <= int(year) <= LAST_YEAR
    period = given.get("period", "")
    return Options(
        parts=tuple(part for part in PARTS if part in wanted) or PARTS,
        embed=given.get("embed") == "1",
        zone_name=_tried(zone_name, given.get("timezone")),
        language=_tried(language_tags.canonical, given.get("language")),
        period=period if period in _PERIODS else _PERIODS[0],
        year=int(year) if is_year else None,
        given=given,
    )


_NAMES = frozenset(("parts", "embed", "timezone", "language", "period", "year", "locale"))


def _tried(parse: Callable[[str], Any], value: str | None) -> Any:
    try:
        return parse(value) if value else None
    except ValueError:
        return None
