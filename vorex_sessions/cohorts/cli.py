"""`flask cohorts …`: refresh."""

from datetime import UTC, datetime

import click
from flask.cli import AppGroup

from vorex_sessions.cli_errors import report_database_errors
from vorex_sessions.cohorts.ordering import Overtaken
from vorex_sessions.cohorts.snapshot import refresh
from vorex_sessions.text import counted

cohorts = AppGroup("cohorts", help="Comparisons between learners.")


@cohorts.command("refresh")
@report_database_errors
def refresh_command() -> None:
    """Take the daily snapshot for comparisons. Safe to stop, to run again, and to run twice at once."""
    try:
        result = refresh(datetime.now(UTC).date())
    except Overtaken as reason:
        raise click.ClickException(str(reason)) from None
    click.echo(
        f"Counted {counted(result.learners, 'learner')}; published {counted(result.published, 'cohort')}, "
        f"left {result.left} unchanged."
    )
