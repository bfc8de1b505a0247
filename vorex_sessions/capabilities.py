"""The capabilities of the service. Adding one: a folder, and a word here."""

from vorex_sessions import growth, operations, privacy, progress, sessions

CAPABILITIES = (sessions, progress, growth, privacy, operations)
BLUEPRINTS = tuple(blueprint for part in CAPABILITIES for blueprint in part.blueprints)

sessions.take_charge(derived for part in CAPABILITIES for derived in getattr(part, "derived", ()))
privacy.take_charge(
    exports=[export for part in CAPABILITIES for export in getattr(part, "exports", ())],
    erasers=[part.erase for part in CAPABILITIES if hasattr(part, "erase")],
)
