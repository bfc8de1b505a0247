"""The languages that a learner practises."""

from vorex_sessions.hooks.registry import Capability
from vorex_sessions.languages.routes import blueprint

CAPABILITY = Capability(blueprints=(blueprint,))
