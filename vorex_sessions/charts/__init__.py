"""Charts: what a learner has practised, drawn as SVG, each with a sentence and a table."""

from vorex_sessions.charts.chart import THEMES
from vorex_sessions.charts.routes import blueprint
from vorex_sessions.hooks.registry import Capability
from vorex_sessions.progress.figures import SKILLS

CAPABILITY = Capability(
    blueprints=(blueprint,), enumerations={"ChartTheme": THEMES, "Score": SKILLS}
)
