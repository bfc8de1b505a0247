"""`flask cohorts …`: refresh."""

from datetime import UTC, datetime

import click
from flask.cli import AppGroup

from vorex_sessions.cli_errors import report_database_errors
from vorex_sessions.cohorts.snapshot import Overtaken, refresh
from vorex_sessions.text import counted

cohorts = AppGroup("cohorts", help="Learners compared with each other.")


@cohorts.command("refresh")
@report_database_errors
def refresh_command() -> None:
    """Take the daily snapshot that comparisons rest on. May be stopped, run again, and run twice at once."""
    try:
        done = refresh(datetime.now(UTC).date())
    except Overtaken as reason:
        raise click.ClickException(str(reason)) from None
    click.echo(
        f"Counted {counted(done.learners, 'learner')}; published {counted(done.published, 'cohort')}, "
        f"left {done.left} as before."
    )
