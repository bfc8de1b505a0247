"""The trend of each score, and whether it differs from chance."""

from vorex_sessions.hooks.registry import Capability
from vorex_sessions.trends.routes import blueprint
from vorex_sessions.trends.schemas import SHOWN_PERIODS
from vorex_sessions.trends.slopes import VERDICTS

CAPABILITY = Capability(
    blueprints=(blueprint,),
    enumerations={"TrendVerdict": VERDICTS, "MonthYearOrRange": SHOWN_PERIODS},
)
