"""The service as it would be if a save told of a streak and achievements, and of nothing else."""

from dataclasses import replace

from vorex_sessions import create_app, growth
from vorex_sessions.capabilities import CAPABILITIES

app = create_app(
    capabilities=[
        one if one is growth.CAPABILITY else replace(one, projections=()) for one in CAPABILITIES
    ]
)
