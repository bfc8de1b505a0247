"""The service as it would be if a save told of a streak and achievements, and of nothing else."""

from vorex_sessions import capabilities, create_app, growth

capabilities.sessions.take_charge(growth.derived)
app = create_app()
