"""`flask page …`: link."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import click
from flask.cli import AppGroup

from vorex_sessions.cli_errors import report_database_errors
from vorex_sessions.page import access
from vorex_sessions.problems.kinds import Gone

page = AppGroup("page", help="The learner's progress page.")


@page.command("link")
@click.argument("user_id", type=click.UUID)
@click.option("--minutes", type=click.IntRange(1, 1440), default=1, help="How long it is good.")
@report_database_errors
def link_command(user_id: UUID, minutes: int) -> None:
    """Print the path of a link that opens a learner's page once.

    Whoever has it sees the learner's practice: for support, and for trying the service.
    """
    lives = timedelta(minutes=minutes)
    try:
        link = access.create_link(str(user_id), now=datetime.now(UTC), lives=lives)
    except Gone as problem:
        raise click.ClickException(problem.detail) from None
    click.echo(link["path"])
