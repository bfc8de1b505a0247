"""What keeps a learner going: streaks and achievements."""

from vorex_sessions.growth.keeping import DERIVED, EXPORTS, erase
from vorex_sessions.growth.routes import blueprint

__all__ = ["blueprints", "derived", "erase", "exports"]

blueprints = (blueprint,)
derived = (DERIVED,)
exports = EXPORTS
