"""Commands for whoever runs or tries the service: `flask token`, `flask demo`, `flask privacy`, `flask
growth`, `flask cohorts`."""

from datetime import UTC, datetime
from uuid import UUID

import click
from flask import Flask
from flask.cli import with_appcontext

from vorex_sessions import demo, tokens
from vorex_sessions.cohorts.cli import cohorts
from vorex_sessions.growth.cli import growth
from vorex_sessions.privacy.cli import privacy


def init_app(app: Flask) -> None:
    """Add the commands to the `flask` command."""
    app.cli.add_command(token_command)
    app.cli.add_command(demo_command)
    app.cli.add_command(privacy)
    app.cli.add_command(growth)
    app.cli.add_command(cohorts)


@click.command("token")
@click.option("--sub", type=click.UUID, default=tokens.DEMO_LEARNER, help="The learner's id.")
@click.option(
    "--role", type=click.Choice(["authenticated", "service_role"]), default="authenticated"
)
@click.option("--days", type=click.IntRange(1, 3650), default=30, help="How long it is good for.")
@with_appcontext
def token_command(sub: UUID, role: str, days: int) -> None:
    """Mint an access token with the configured secret; by default the demo learner's."""
    click.echo(tokens.mint(str(sub), role=role, days=days, now=datetime.now(UTC)))


@click.command("demo")
@click.option("--sub", type=click.UUID, default=tokens.DEMO_LEARNER, help="The learner's id.")
@with_appcontext
def demo_command(sub: UUID) -> None:
    """Fill a learner with half a year of practice; safe to run again."""
    count = demo.fill(str(sub), now=datetime.now(UTC))
    click.echo(f"Learner {sub} now has {count} practice sessions from the last half year.")
