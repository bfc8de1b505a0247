"""What to work on: a graph of skills, and how well each is mastered."""

from vorex_sessions.skills.keeping import DERIVED, EXPORTS, erase
from vorex_sessions.skills.routes import blueprint
from vorex_sessions.skills.service import SUGGESTION

__all__ = ["blueprints", "derived", "erase", "exports", "suggests"]

blueprints = (blueprint,)
derived = (DERIVED,)
exports = EXPORTS
suggests = (SUGGESTION,)
