"""The learner's data is the learner's: export, erasure, retention."""

from vorex_sessions.privacy.charge import take_charge
from vorex_sessions.privacy.routes import admin, blueprint
from vorex_sessions.privacy.tombstones import DELETED, ERASED

__all__ = ["blueprints", "exports", "take_charge"]

blueprints = (blueprint, admin)
exports = (DELETED, ERASED)
