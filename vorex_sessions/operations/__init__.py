"""For the people who run the service: health, readiness, request ids, docs pages."""

from flask import Flask

from vorex_sessions.operations import request_ids
from vorex_sessions.operations.pages import pages
from vorex_sessions.operations.routes import blueprint

blueprints = (blueprint,)


def init_app(app: Flask) -> None:
    """Give every response its request id, and the app its docs pages."""
    request_ids.init_app(app)
    app.register_blueprint(pages)
