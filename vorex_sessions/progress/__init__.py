"""Answers: am I getting better, and what shall I warm up with."""

from vorex_sessions.progress.charge import take_charge
from vorex_sessions.progress.routes import blueprint

__all__ = ["blueprints", "take_charge"]

blueprints = (blueprint,)
