"""The service as it would be if nothing were derived from a save or suggested from it, as with the peer."""

from vorex_sessions import capabilities, create_app

capabilities.sessions.take_charge([])
capabilities.progress.take_charge([])
app = create_app()
