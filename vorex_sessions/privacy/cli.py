"""`flask privacy …`: export, erase, purge, tombstones, replay."""

from datetime import UTC, datetime, timedelta
from typing import BinaryIO
from uuid import UUID

import click
from flask import current_app
from flask.cli import AppGroup

from vorex_sessions.cli_errors import report_database_errors
from vorex_sessions.privacy import restore, retention
from vorex_sessions.privacy.erasure import erase
from vorex_sessions.privacy.export import FORMATS, Download
from vorex_sessions.sessions.purge_batches import PurgeResult
from vorex_sessions.text import counted

privacy = AppGroup("privacy", help="What is stored about learners: export, erase, purge, replay.")


@privacy.command("export")
@click.argument("user_id", type=click.UUID)
@click.option("--format", "file_format", type=click.Choice(list(FORMATS)), default="json")
@click.option(
    "--output", type=click.File("wb"), default="-", help="A file; standard output by default."
)
@report_database_errors
def export_command(user_id: UUID, file_format: str, output: BinaryIO) -> None:
    """Write everything that is stored about a learner."""
    download = Download(str(user_id), file_format=file_format, now=datetime.now(UTC))
    try:
        for piece in download:
            output.write(piece)
    finally:
        download.close()


@privacy.command("erase")
@click.argument("user_id", type=click.UUID)
@click.option(
    "--keep-open", is_flag=True, help="Keep the account open, so that new sessions are saved."
)
@report_database_errors
def erase_command(user_id: UUID, keep_open: bool) -> None:
    """Erase everything that is stored about a learner permanently, and close the account."""
    count = erase(str(user_id), now=datetime.now(UTC), close=not keep_open)
    click.echo(
        f"Erased {counted(count, 'session')} of learner {user_id}"
        + ("." if keep_open else "; nothing more will be saved.")
    )


@privacy.command("purge")
@click.option("--dry-run", is_flag=True, help="Only print what would be removed.")
@report_database_errors
def purge_command(dry_run: bool) -> None:
    """Remove the sessions that are older than SESSION_RETENTION_DAYS."""
    days = current_app.config["SESSION_RETENTION_DAYS"]
    if days is None:
        click.echo("SESSION_RETENTION_DAYS is not set, so everything is kept.")
        return
    cutoff = datetime.now(UTC) - timedelta(days=days)
    result = retention.due(cutoff) if dry_run else retention.purge(cutoff)
    click.echo(
        f"{'Would remove' if dry_run else 'Removed'} {_summary(result)}, "
        f"completed before {cutoff:%Y-%m-%d %H:%M} UTC."
    )
    _fail_if_busy(result)


@privacy.command("tombstones")
@click.option(
    "--output", type=click.File("wb"), default="-", help="A file; standard output by default."
)
@report_database_errors
def tombstones_command(output: BinaryIO) -> None:
    """Write the ids and times of what was deleted and erased, to be kept apart from the backups."""
    for line in restore.lines():
        output.write(line)


@privacy.command("replay")
@click.argument("kept", type=click.File("rb"), required=False)
@report_database_errors
def replay_command(kept: BinaryIO | None) -> None:
    """After a backup was restored, remove again what had been deleted and erased.

    KEPT is the output of `flask privacy tombstones` ("-": standard input). Without it, only the tombstones
    in the database are used.
    """
    try:
        result = restore.erase_again(kept or ())
    except ValueError as error:
        raise click.ClickException(
            f"{getattr(kept, 'name', 'The input')} cannot be used: {error}"
        ) from None
    click.echo(f"Removed {_summary(result)} that had been deleted or erased before.")
    _fail_if_busy(result)


def _summary(result: PurgeResult) -> str:
    return f"{counted(result.sessions, 'session')} of {counted(result.learners, 'learner')}"


def _fail_if_busy(result: PurgeResult) -> None:
    """Exit with status 1 where not everything could be removed."""
    if result.busy:
        raise click.ClickException(
            f"{counted(result.busy, 'learner')} could not be locked; run the command again."
        )
