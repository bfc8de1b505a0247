"""`flask cohorts …`: refresh."""

from datetime import UTC, datetime

import click
from flask.cli import AppGroup

from vorex_sessions.cohorts.snapshot import Overtaken, refresh
from vorex_sessions.commands import told

cohorts = AppGroup("cohorts", help="Learners compared with each other.")


@cohorts.command("refresh")
@told
def refresh_command() -> None:
    """Take the daily snapshot that comparisons rest on. May be stopped, run again, and run twice at once."""
    try:
        done = refresh(datetime.now(UTC).date())
    except Overtaken as reason:
        raise click.ClickException(str(reason)) from None
    click.echo(
        f"Counted {done.learners} learners; published {done.published} cohorts, "
        f"left {done.left} as they were."
    )
