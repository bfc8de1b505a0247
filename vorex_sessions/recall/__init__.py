"""Which words to review: how well each is remembered, predicted from how exercises with it went."""

from vorex_sessions.recall.keeping import DERIVED, EXPORTS, erase
from vorex_sessions.recall.routes import blueprint
from vorex_sessions.recall.suggesting import SUGGESTION

__all__ = ["blueprints", "derived", "erase", "exports", "suggests"]

blueprints = (blueprint,)
derived = (DERIVED,)
exports = EXPORTS
suggests = (SUGGESTION,)
