"""Several of a learner's questions in one request, for a home screen."""

from vorex_sessions.hooks.registry import Capability
from vorex_sessions.overview.routes import blueprint

CAPABILITY = Capability(blueprints=(blueprint,))
