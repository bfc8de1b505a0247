"""The service as it would be if a save told of no streak and no achievement."""

from vorex_sessions import capabilities, create_app

capabilities.sessions.take_charge([])
app = create_app()
