"""What a chart is asked for, and what it is: a drawing, a sentence and a table, all of the same answer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

KINDS = ("heatmap", "trend", "skills", "streak", "vocabulary", "rhythm")
THEMES = ("light", "dark")
NARROWEST, WIDEST, WIDTH = 320, 1440, 640  # pixels
# Of a heat map; sessions are completed in 2000 or later (docs/api.md).
FIRST_YEAR, LAST_YEAR = 2000, 2199

Row = tuple[str, ...]
NOTHING = "\u2013"  # a cell of what was not measured


@dataclass(frozen=True)
class Options:
    """How a chart is drawn and what it shows. Each kind looks at those that it needs.

    `language`: the language practised. `year`: of the heat map, None: the last 365 days. `score`: of the
    trends, None: all. `period`: of the trends (`month`, `year`) and the rhythm (`month`, `year`, `all`).
    `numbers`: whether those of the streak stand beside its calendar; a page has them as text.
    """

    theme: str = THEMES[0]
    locale: str = "en"
    width: int = WIDTH
    language: str | None = None
    zone_name: str | None = None
    year: int | None = None
    score: str | None = None
    period: str = "month"
    numbers: bool = True


@dataclass(frozen=True)
class Chart:
    """A chart in one locale.

    Texts are plain, not escaped. `columns` are the table's heads, `rows` its cells, formatted; the first cell
    of a row names it. `has_data` is false for a beginner: then the sentence says what will be shown here.
    """

    kind: str
    title: str
    sentence: str
    columns: Row
    draw: Callable[[], str] = field(repr=False, compare=False)
    has_data: bool
    direction: str  # `ltr` or `rtl`
    table: Callable[[], Sequence[Row]] = field(repr=False, compare=False)

    @cached_property
    def svg(self) -> str:
        """An <svg> element with title, description and ids that begin with `chart-{kind}`.

        It is drawn when it is asked for: a page with the table does not wait for it.
        """
        return self.draw()

    @cached_property
    def rows(self) -> Sequence[Row]:
        """The table, made when it is asked for: who wants only the drawing does not wait for it."""
        return self.table()
