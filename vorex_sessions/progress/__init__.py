"""Answers: am I getting better, and what shall I warm up with."""

from vorex_sessions.progress.charge import take_charge
from vorex_sessions.progress.rollups import DERIVED, EXPORTS, REBURIALS, erase
from vorex_sessions.progress.routes import blueprint

__all__ = ["blueprints", "derived", "erase", "exports", "reburials", "take_charge"]

blueprints = (blueprint,)
derived = (DERIVED,)
exports = EXPORTS
reburials = REBURIALS
