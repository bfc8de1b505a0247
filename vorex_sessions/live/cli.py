"""`flask live …`: sweep."""

from datetime import UTC, datetime

import click
from flask import current_app
from flask.cli import AppGroup

from vorex_sessions.cli_errors import report_database_errors
from vorex_sessions.live.sweeping import sweep
from vorex_sessions.text import counted

live = AppGroup("live", help="Sessions that go on.")


@live.command("sweep")
@report_database_errors
def sweep_command() -> None:
    """Remove live sessions that are gone, and save abandoned ones where LIVE_SAVE_ABANDONED is true.

    Safe to stop, to run again, and to run twice at once.
    """
    swept = sweep(datetime.now(UTC), save_abandoned=current_app.config["LIVE_SAVE_ABANDONED"])
    click.echo(
        f"Saved {counted(swept.saved, 'abandoned session')}, removed "
        f"{counted(swept.removed, 'live session')} unsaved."
    )
    if swept.busy:
        raise click.ClickException(
            f"{counted(swept.busy, 'session')} could not be saved just now; run the command again."
        )
