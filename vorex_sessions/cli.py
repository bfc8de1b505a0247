"""The `flask` commands: `token`, `demo`, `rebuild`, and those of the capabilities."""

from datetime import UTC, datetime
from uuid import UUID

import click
from flask import Flask
from flask.cli import with_appcontext

from vorex_sessions.cli_errors import report_database_errors
from vorex_sessions.demo import practice, tokens
from vorex_sessions.hooks.cli import growth, rebuild_command
from vorex_sessions.hooks.registry import Registry


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
@with_appcontext
@report_database_errors
def demo_command(sub: UUID) -> None:
    """Save half a year of practice for a learner; safe to run again."""
    count = practice.fill(str(sub), now=datetime.now(UTC))
    click.echo(f"Learner {sub} now has {count} practice sessions from the last half year.")
