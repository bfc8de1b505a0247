"""The capabilities of the service. Adding one: a folder, and a word here."""

from vorex_sessions import (
    cohorts,
    growth,
    operations,
    privacy,
    progress,
    recall,
    sessions,
    skills,
    trends,
)

CAPABILITIES = (sessions, progress, trends, growth, recall, skills, cohorts, privacy, operations)
BLUEPRINTS = tuple(blueprint for part in CAPABILITIES for blueprint in part.blueprints)

sessions.take_charge(derived for part in CAPABILITIES for derived in getattr(part, "derived", ()))
progress.take_charge(one for part in CAPABILITIES for one in getattr(part, "suggests", ()))
privacy.take_charge(
    exports=[export for part in CAPABILITIES for export in getattr(part, "exports", ())],
    erasers=[part.erase for part in CAPABILITIES if hasattr(part, "erase")],
    reburials=[one for part in CAPABILITIES for one in getattr(part, "reburials", ())],
)
