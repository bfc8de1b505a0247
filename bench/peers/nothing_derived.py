"""The service as it would be if nothing were derived from a save."""

from vorex_sessions import capabilities, create_app

capabilities.sessions.take_charge([])
app = create_app()
