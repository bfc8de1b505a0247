"""Pure: the colours of charts. `tests/charts/test_palette.py` computes their contrast.

Drawings are transparent: each colour is far enough from every background between the two that its theme
names. Amounts are one hue, blue, from faint to strong, and always also differ in size or in shape; orange,
which nobody takes for blue, marks today.
"""

from typing import NamedTuple


class Palette(NamedTuple):
    """The colours of a theme."""

    backgrounds: tuple[str, str]  # the page, and a card on it
    ink: str  # texts
    quiet: str  # texts of axes and legends
    grid: str  # lines that say nothing: without them the chart is as clear
    amounts: tuple[str, str, str, str]  # from little to much
    today: str
    on_mark: str  # texts and signs on the strongest amounts

    @property
    def mark(self) -> str:
        """The colour of marks that are no amounts of a scale."""
        return self.amounts[1]


PALETTES = {
    "light": Palette(
        backgrounds=("#ffffff", "#f4f5f7"),
        ink="#1c2430",
        quiet="#5a626e",
        grid="#dfe2e7",
        amounts=("#4d8ae4", "#246bd0", "#024eaa", "#003071"),
        today="#b45302",
        on_mark="#ffffff",
    ),
    "dark": Palette(
        backgrounds=("#000000", "#1c2026"),
        ink="#eceff4",
        quiet="#9aa3af",
        grid="#363c45",
        amounts=("#3a6db8", "#598edb", "#89b3f0", "#c9dfff"),
        today="#e49a4a",
        on_mark="#0c1016",
    ),
}
