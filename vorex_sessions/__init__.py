"""Vorex Sessions: keeps the results of practice sessions and answers what comes next."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import Flask

import config
from vorex_sessions import auth, cli, extensions, fair_use, migrating, operations, problem_handler
from vorex_sessions.blueprint import Api, document_components
from vorex_sessions.capabilities import BLUEPRINTS
from vorex_sessions.flask_config import flask_config


class _App(Flask):
    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Nothing here is async; Flask looks for it a dozen times a request, 2 % of our time."""
        return func


def create_app(settings: Mapping[str, Any] | None = None) -> Flask:
    """Build the app from `config.read()`'s settings. Raises config.SettingError where one is unusable."""
    app = _App(__name__, static_folder=None)
    app.config.from_mapping(flask_config(settings or config.read()))
    app.url_map.merge_slashes = False  # a path either is one of ours or a 404, never a redirect
    extensions.init_app(app)
    operations.init_app(app)
    auth.init_app(app)
    fair_use.init_app(app)
    cli.init_app(app)
    migrating.init_app(app)
    api = Api(app)
    problem_handler.init_app(app)  # after Api, whose own error handler it replaces
    document_components(api)
    for blueprint in BLUEPRINTS:
        api.register_blueprint(blueprint)
    return app
