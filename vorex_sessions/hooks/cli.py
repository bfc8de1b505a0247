"""`flask rebuild`."""

from collections import Counter
from uuid import UUID

import click
from flask.cli import AppGroup, with_appcontext
from sqlalchemy.exc import DBAPIError

from vorex_sessions.cli_errors import report_database_errors
from vorex_sessions.database import locks
from vorex_sessions.hooks.rebuild import learners, rebuild
from vorex_sessions.text import counted


@click.command("rebuild")
@click.option("--learner", type=click.UUID, help="This learner only.")
@with_appcontext
@report_database_errors
def rebuild_command(learner: UUID | None) -> None:
    """Rebuild everything that is derived from sessions. Safe to stop, and to run again.

    Unlocked achievements stay, and more may be unlocked.
    """
    done = Counter(_rebuild(one) for one in ([str(learner)] if learner else learners()))
    click.echo(f"Rebuilt {counted(done[True], 'learner')}.")
    if done[False]:
        raise click.ClickException(
            f"{counted(done[False], 'learner')} could not be locked; run the command again."
        )


def _rebuild(learner_id: str) -> bool:
    """Rebuild a learner; False where somebody held the lock."""
    try:
        rebuild(learner_id, everything=True)
    except DBAPIError as error:
        if not locks.is_taken(error):
            raise
        return False
    return True


# The command's name in earlier releases.
growth = AppGroup("growth", help="Earlier name of `flask rebuild`.", hidden=True)
growth.add_command(rebuild_command)
