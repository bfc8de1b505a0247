"""The record: save, batch, show, correct, delete, history."""

from vorex_sessions.sessions.charge import take_charge
from vorex_sessions.sessions.keeping import SESSIONS, erase
from vorex_sessions.sessions.routes import blueprint

__all__ = ["blueprints", "erase", "exports", "take_charge"]

blueprints = (blueprint,)
exports = (SESSIONS,)
