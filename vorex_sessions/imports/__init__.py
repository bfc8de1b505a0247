"""Taking back what an export gave."""

from vorex_sessions.hooks.registry import Capability
from vorex_sessions.imports.routes import blueprint

CAPABILITY = Capability(blueprints=(blueprint,))
