"""Vorex Sessions: stores the results of practice sessions and suggests what to practise next."""

from collections.abc import Iterable, Mapping
from typing import Any

from flask import Flask

import config
from vorex_sessions import cli, operations
from vorex_sessions.auth import caller
from vorex_sessions.capabilities import CAPABILITIES
from vorex_sessions.database import engine, migrate
from vorex_sessions.flask_config import flask_config
from vorex_sessions.hooks import registry
from vorex_sessions.live import socket_routes
from vorex_sessions.problems import handler
from vorex_sessions.rate_limits import limiter
from vorex_sessions.web.api import Api
from vorex_sessions.web.application import Application
from vorex_sessions.web.openapi import document_answers, document_components


def create_app(
    settings: Mapping[str, Any] | None = None,
    capabilities: Iterable[registry.Capability] = CAPABILITIES,
) -> Flask:
    """Build the app from the settings of `config.read()`. Raises config.SettingError for an unusable one."""
    app = Application(__name__, static_folder=None)
    app.config.from_mapping(flask_config(settings or config.read()))
    app.url_map.merge_slashes = False  # an unknown path is a 404, never a redirect
    registered = registry.init_app(app, capabilities)
    engine.init_app(app)
    operations.init_app(app)
    caller.init_app(app)
    limiter.init_app(app)
    migrate.init_app(app)
    cli.init_app(app, registered)
    api = Api(app)
    handler.init_app(app)  # after Api, whose own error handler it replaces
    document_components(api)
    for capability in registered.capabilities:
        for blueprint in capability.blueprints:
            api.register_blueprint(blueprint)
        for pages in capability.pages:
            app.register_blueprint(pages)
    document_answers(api, registered)
    socket_routes.init_app(app)
    return app
