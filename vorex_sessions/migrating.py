"""`flask db`, by Flask-Migrate, which is loaded where it is used: with Alembic it takes 4 MB of a worker."""

from typing import Any

import click
from flask import Flask, current_app

from vorex_sessions.extensions import MIGRATIONS, db


def init_app(app: Flask) -> None:
    """Add `db` to the `flask` command."""
    app.cli.add_command(_Commands(app))


def upgrade(**options: Any) -> None:
    """Bring the schema of the current app's database up to date; `options` are those of Flask-Migrate's."""
    import flask_migrate

    _bind(current_app)
    flask_migrate.upgrade(**options)


def _bind(app: Flask) -> None:
    from flask_migrate import Migrate

    if "migrate" not in app.extensions:
        Migrate(app, db, directory=str(MIGRATIONS), render_as_batch=False)


class _Commands(click.Command):
    """Flask-Migrate's own group of commands, once it is called."""

    def __init__(self, app: Flask) -> None:
        super().__init__("db", help="Perform database migrations.")
        self._app = app

    def make_context(self, *args: Any, **options: Any) -> click.Context:
        """The context of the group, which runs in the place of this command."""
        from flask_migrate.cli import db as commands

        _bind(self._app)
        context: click.Context = commands.make_context(*args, **options)
        return context
