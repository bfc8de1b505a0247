"""Am I getting better: a trend of each score, and whether it can be told from chance."""

from vorex_sessions.hooks.registry import Capability
from vorex_sessions.trends.routes import blueprint

CAPABILITY = Capability(blueprints=(blueprint,))
