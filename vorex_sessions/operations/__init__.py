"""Operation of the service: health, readiness, metrics, log, security headers, docs pages."""

from flask import Flask

from vorex_sessions.hooks.registry import Capability
from vorex_sessions.operations import observing, request_ids, security
from vorex_sessions.operations.pages import pages
from vorex_sessions.operations.routes import blueprint
from vorex_sessions.operations.scale_cli import scale
from vorex_sessions.web.requests import WebRequest, refuse_double_slash, release_body

CAPABILITY = Capability(blueprints=(blueprint,), commands=(scale,))


def init_app(app: Flask) -> None:
    """Observe every request from its start to the release of its body, and register the docs pages."""
    app.request_class = WebRequest
    observing.init_app(app)
    request_ids.init_app(app)
    security.init_app(app)
    app.before_request(refuse_double_slash)
    app.after_request(release_body)
    app.register_blueprint(pages)
