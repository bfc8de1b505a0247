"""`flask import founding`."""

import sys
from collections.abc import Sequence
from datetime import UTC, datetime

import click
from flask.cli import AppGroup

from vorex_sessions import periods
from vorex_sessions.cli_errors import report_database_errors
from vorex_sessions.flask_config import setting
from vorex_sessions.founding.conversion import Rules
from vorex_sessions.founding.report import Report
from vorex_sessions.founding.service import bring_over
from vorex_sessions.founding.source import Source, SourceError
from vorex_sessions.models.limits import SESSION_TYPES

imports = AppGroup("import", help="Bring over data of another system.")


class _Zone(click.ParamType[str]):
    name = "zone"

    def convert(self, value: str, param: object, ctx: object) -> str:
        """The name under which the zone is kept."""
        try:
            return periods.zone_name(value) or "UTC"
        except ValueError:
            self.fail(f"{value!r} is no time zone such as Europe/Berlin or UTC+02:00.")


class _Mapping(click.ParamType[tuple[str, str]]):
    name = "old=new"

    def convert(self, value: str, param: object, ctx: object) -> tuple[str, str]:
        """The type of the founding system, and ours."""
        if isinstance(value, tuple):
            return value
        old, separator, new = value.rpartition("=")
        if not separator or new not in SESSION_TYPES:
            self.fail(f"{value!r} must be old=new, with new one of {', '.join(SESSION_TYPES)}.")
        return old, new


@imports.command("founding")
@click.option(
    "--from",
    "address",
    required=True,
    envvar="FOUNDING_DATABASE_URL",
    metavar="URL",
    help="Its database; or set FOUNDING_DATABASE_URL, which other users of the machine cannot see.",
)
@click.option("--table", default="session_results", show_default=True, help="Its table.")
@click.option("--dry-run", is_flag=True, help="Read everything and say the same; store nothing.")
@click.option(
    "--map-type", "types", type=_Mapping(), multiple=True, help="What becomes of a session type."
)
@click.option(
    "--zero-scores",
    type=click.Choice(["keep", "null"]),
    default="keep",
    show_default=True,
    help="Whether a score of 0, its default, is kept or counts as not measured.",
)
@click.option(
    "--timezone",
    "stored_in",
    type=_Zone(),
    default="UTC",
    show_default=True,
    help="The time zone in which it stored created_at.",
)
@click.option(
    "--learner-timezone",
    type=_Zone(),
    help="The time zone whose calendar says on which day a session was; by default the same.",
)
@report_database_errors
def founding_command(
    *,
    address: str,
    table: str,
    dry_run: bool,
    types: Sequence[tuple[str, str]],
    zero_scores: str,
    stored_in: str,
    learner_timezone: str | None,
) -> None:
    """Bring over the sessions of the founding system. Safe to stop, and to run again.

    What is stored already stays as it is, and what was deleted stays deleted. The exit status is 1 where the
    sums of both systems do not agree.
    """
    if setting("DB_DISTRIBUTED"):
        raise click.ClickException(
            "This fills a database of one machine: import first, then run `flask scale distribute`."
        )
    rules = Rules(dict(types), zero_scores == "null", stored_in, learner_timezone or stored_in)
    try:
        with Source(address, table) as source:
            report = _brought(source, rules, dry_run)
    except SourceError as reason:
        raise click.ClickException(f"The founding system cannot be read: {reason}.") from None
    for line in report.lines():
        click.echo(line)
    if not report.agrees:
        raise click.ClickException(
            "The sums do not agree: sessions were changed or removed meanwhile, or this is a bug. "
            "Run the command again."
        )
    if report.brought and not dry_run:
        click.echo("The sums agree. Run `flask rebuild`, so that achievements are unlocked.")


def _brought(source: Source, rules: Rules, dry_run: bool) -> Report:
    is_hidden = not sys.stderr.isatty()
    total = source.sums()
    with click.progressbar(
        length=total.sessions, label="Sessions", file=sys.stderr, hidden=is_hidden
    ) as bar:
        return bring_over(
            source, rules, total, dry_run=dry_run, now=datetime.now(UTC), progress=bar.update
        )
