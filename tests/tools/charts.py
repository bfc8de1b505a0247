"""Write the pictures of docs/api.md, as the service draws them: `python -m tests.tools.charts`."""

from pathlib import Path

from tests.charts.samples import heatmap, trend
from vorex_sessions.charts import heatmap as heatmap_chart
from vorex_sessions.charts import trend as trend_chart
from vorex_sessions.charts.chart import THEMES, Options

FOLDER = Path(__file__).parents[2] / "docs" / "charts"


def pictures() -> dict[str, str]:
    """Each picture by the name of its file."""
    drawn = {}
    for theme in THEMES:
        drawn[f"heatmap-{theme}.svg"] = heatmap_chart.draw(heatmap(), Options(theme=theme)).svg
        one = Options(theme=theme, score="fluency")
        drawn[f"trend-{theme}.svg"] = trend_chart.draw(trend(), one).svg
    return drawn


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, svg in pictures().items():
        (FOLDER / name).write_text(svg + "\n", encoding="utf-8")
