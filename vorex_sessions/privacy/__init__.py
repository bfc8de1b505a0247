"""The learner's data is the learner's: erasure."""

from vorex_sessions.privacy.routes import blueprint

blueprints = (blueprint,)
