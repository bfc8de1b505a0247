"""Export, erasure and retention of a learner's data."""

from vorex_sessions.hooks.registry import Capability
from vorex_sessions.privacy.cli import privacy
from vorex_sessions.privacy.routes import admin, blueprint
from vorex_sessions.privacy.schemas import FORMATS

CAPABILITY = Capability(
    blueprints=(blueprint, admin),
    commands=(privacy,),
    enumerations={"ExportFormat": FORMATS},
)
