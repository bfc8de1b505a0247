"""The service with the projections of growth only: streak and achievements."""

from dataclasses import replace

from vorex_sessions import create_app, growth
from vorex_sessions.capabilities import CAPABILITIES

app = create_app(
    capabilities=[
        capability if capability is growth.CAPABILITY else replace(capability, projections=())
        for capability in CAPABILITIES
    ]
)
