"""The service without projections and warm-up sections, like the peer."""

from dataclasses import replace

from vorex_sessions import create_app
from vorex_sessions.capabilities import CAPABILITIES

app = create_app(
    capabilities=[
        replace(capability, projections=(), warmup_sections=()) for capability in CAPABILITIES
    ]
)
