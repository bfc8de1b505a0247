"""Answers: am I getting better, and what shall I warm up with."""

from vorex_sessions.progress.charge import take_charge
from vorex_sessions.progress.rollups import DERIVED, EXPORTS, erase
from vorex_sessions.progress.routes import blueprint

__all__ = ["blueprints", "derived", "erase", "exports", "take_charge"]

blueprints = (blueprint,)
derived = (DERIVED,)
exports = EXPORTS
