"""`flask db`, by Flask-Migrate. It is loaded on use: with Alembic it takes 4 MB of a worker."""

from pathlib import Path
from typing import Any

import click
from flask import Flask, current_app

from vorex_sessions.cli_errors import report_database_errors
from vorex_sessions.extensions import db

FOLDER = Path(__file__).parent.parent.parent / "migrations"


def init_app(app: Flask) -> None:
    """Add `db` to the `flask` command."""
    app.cli.add_command(_Commands(app))


def upgrade(**options: Any) -> None:
    """Bring the schema of the current app's database up to date; `options` are those of Flask-Migrate's."""
    import flask_migrate

    _bind(current_app)
    flask_migrate.upgrade(**options)


def schema_problem(current: str | None, wanted: str | None) -> str | None:
    """What is wrong where new tables would come into another schema than `DATABASE_SCHEMA`."""
    if wanted is None or current == wanted:
        return None
    return (
        f"DATABASE_SCHEMA is {wanted}, but connections use the schema {current or 'of no name'}. Behind a "
        f'transaction pooler set it for the database role: ALTER ROLE … SET search_path = "{wanted}"; '
        "then let the pooler connect anew."
    )


def _bind(app: Flask) -> None:
    from flask_migrate import Migrate

    if "migrate" not in app.extensions:
        Migrate(app, db, directory=str(FOLDER), render_as_batch=False)


class _Commands(click.Command):
    """Stands for Flask-Migrate's group of commands, which is loaded when it is called."""

    def __init__(self, app: Flask) -> None:
        super().__init__("db", help="Perform database migrations.")
        self._app = app

    def make_context(self, *args: Any, **options: Any) -> click.Context:
        """The context of the group, which runs in the place of this command."""
        from flask_migrate.cli import db as theirs

        _bind(self._app)
        group = _Group(
            "db",
            commands=theirs.commands,
            params=theirs.params,
            callback=theirs.callback,
            help=theirs.help,
        )
        return group.make_context(*args, **options)


class _Group(click.Group):
    @report_database_errors
    def invoke(self, ctx: click.Context) -> Any:
        return super().invoke(ctx)
