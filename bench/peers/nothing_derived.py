"""The service as it would be if nothing were derived from a save or suggested from it, as with the peer."""

from dataclasses import replace

from vorex_sessions import create_app
from vorex_sessions.capabilities import CAPABILITIES

app = create_app(
    capabilities=[replace(one, projections=(), warmup_sections=()) for one in CAPABILITIES]
)
