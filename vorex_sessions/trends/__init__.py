"""The trend of each score, and whether it differs from chance."""

from vorex_sessions.hooks.registry import Capability
from vorex_sessions.trends.routes import blueprint

CAPABILITY = Capability(blueprints=(blueprint,))
