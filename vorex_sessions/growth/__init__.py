"""What keeps a learner going: streaks and achievements."""

from vorex_sessions.growth.keeping import DERIVED, EXPORTS, REBURIALS, erase
from vorex_sessions.growth.routes import blueprint

__all__ = ["blueprints", "derived", "erase", "exports", "reburials"]

blueprints = (blueprint,)
derived = (DERIVED,)
exports = EXPORTS
reburials = REBURIALS
