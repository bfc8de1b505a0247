"""Operation of the service: health, readiness, metrics, log, security headers, docs pages."""

from flask import Flask

from vorex_sessions.hooks.registry import Capability
from vorex_sessions.operations import observing, request_ids, security
from vorex_sessions.operations.pages import pages
from vorex_sessions.operations.routes import blueprint

CAPABILITY = Capability(blueprints=(blueprint,))


def init_app(app: Flask) -> None:
    """Observe every request from its start, and register the docs pages."""
    observing.init_app(app)
    request_ids.init_app(app)
    security.init_app(app)
    app.register_blueprint(pages)
