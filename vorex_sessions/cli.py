"""The `flask` commands: `token`, `demo`, `rebuild`, and those of the capabilities."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import UUID

import click
from flask import Flask
from flask.cli import AppGroup, with_appcontext
from sqlalchemy.exc import DBAPIError

from vorex_sessions.cli_errors import report_database_errors
from vorex_sessions.database import locks
from vorex_sessions.demo import practice, tokens
from vorex_sessions.hooks.rebuild import learners, rebuild
from vorex_sessions.hooks.registry import Registry
from vorex_sessions.page import access
from vorex_sessions.text import counted

_DEMO_LINK_LIVES = timedelta(days=1)  # who reads what a command has printed takes their time


def init_app(app: Flask, registry: Registry) -> None:
    """Add the commands to the `flask` command."""
    for command in (token_command, demo_command, rebuild_command, growth):
        app.cli.add_command(command)
    for capability in registry.capabilities:
        for command in capability.commands:
            app.cli.add_command(command)


@click.command("token")
@click.option("--sub", type=click.UUID, default=tokens.DEMO_LEARNER, help="The learner's id.")
@click.option(
    "--role", type=click.Choice(["authenticated", "service_role"]), default="authenticated"
)
@click.option("--days", type=click.IntRange(1, 3650), default=30, help="Days until it expires.")
@with_appcontext
def token_command(sub: UUID, role: str, days: int) -> None:
    """Sign an access token with the configured secret, by default for the demo learner."""
    click.echo(tokens.mint(str(sub), role=role, days=days, now=datetime.now(UTC)))


@click.command("demo")
@click.option("--sub", type=click.UUID, default=tokens.DEMO_LEARNER, help="The learner's id.")
@click.option("--page", metavar="ADDRESS", help="Print a link to the learner's page there, too.")
@with_appcontext
@report_database_errors
def demo_command(sub: UUID, page: str | None) -> None:
    """Save half a year of practice for a learner; safe to run again."""
    now = datetime.now(UTC)
    count = practice.fill(str(sub), now=now)
    click.echo(
        f"Learner {sub} now has {count} practice sessions of the demo from the last half year."
    )
    if page:
        path = access.create_link(str(sub), now=now, lives=_DEMO_LINK_LIVES)["path"]
        click.echo(
            "Their progress page, while `make run` runs; the link opens once within a day:\n"
            f"{page}{path}"
        )


@click.command("rebuild")
@click.option("--learner", type=click.UUID, help="This learner only.")
@with_appcontext
@report_database_errors
def rebuild_command(learner: UUID | None) -> None:
    """Rebuild everything that is derived from sessions. Safe to stop, and to run again.

    Unlocked achievements stay, and more may be unlocked.
    """
    done = Counter(_rebuild(one) for one in ([str(learner)] if learner else learners()))
    click.echo(f"Rebuilt {counted(done[True], 'learner')}.")
    if done[False]:
        raise click.ClickException(
            f"{counted(done[False], 'learner')} could not be locked; run the command again."
        )


def _rebuild(learner_id: str) -> bool:
    """Rebuild a learner; False where somebody held the lock."""
    try:
        rebuild(learner_id, everything=True)
    except DBAPIError as error:
        if not locks.is_taken(error):
            raise
        return False
    return True


# The command's name in earlier releases.
growth = AppGroup("growth", help="Earlier name of `flask rebuild`.", hidden=True)
growth.add_command(rebuild_command)
