"""The commands `flask scale`: distributing the tables over the machines of Citus, and looking at it."""

import click
from flask.cli import AppGroup

from vorex_sessions.cli_errors import report_database_errors
from vorex_sessions.database import distribution
from vorex_sessions.flask_config import setting
from vorex_sessions.text import counted

scale = AppGroup("scale", help="Several machines: Citus.")
_NO_CITUS = (
    "The database has no Citus. Create the extension there (CREATE EXTENSION citus) and add its workers; "
    "on one PostgreSQL there is nothing to distribute."
)
_NOT_COUNTED = (
    "Which statements went to several shards, the server does not say: it takes pg_stat_statements and "
    "citus.stat_statements_track = 'all'."
)


@scale.command("distribute")
@click.option("--shards", type=click.IntRange(1, 4096), default=32, help="Shards of each table.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@report_database_errors
def distribute_command(shards: int, yes: bool) -> None:
    """Distribute the tables over the machines of Citus. Safe to stop, and to run again.

    Run it again after `flask db upgrade`, which may have made tables. All processes of the service have to be
    of this release, with DB_DISTRIBUTED=true. While a table moves, writes to it wait.
    """
    steps = _planned(shards)
    if not steps:
        click.echo("Every table is where it should be; there is nothing to do.")
        return
    for step in steps:
        click.echo(f"- {step.says}")
    if not yes:
        click.confirm("While a table moves, writes to it wait. Go on?", abort=True)
    for step in steps:
        distribution.take(step)
        click.echo(f"Done: {step.says}.")


def _planned(shards: int) -> list[distribution.Step]:
    try:
        steps = distribution.plan(shards)
    except distribution.NoCitus:
        raise click.ClickException(_NO_CITUS) from None
    if not setting("DB_DISTRIBUTED"):
        raise click.ClickException(
            "Set DB_DISTRIBUTED=true for every process of the service, then run this again."
        )
    return steps


@scale.command("check")
@report_database_errors
def check_command() -> None:
    """Say which tables are not where they should be, and which statements went to several shards."""
    try:
        problems = distribution.problems()
    except distribution.NoCitus:
        raise click.ClickException(_NO_CITUS) from None
    spread = distribution.spread_statements()
    click.echo(_NOT_COUNTED if spread is None else f"{counted(len(spread), 'statement')} spread:")
    for statement in spread or ():
        click.echo(f"  {statement}")
    if problems:
        raise click.ClickException("\n  ".join(["Not as it should be:", *problems]))
    click.echo("Every table is where it should be.")
