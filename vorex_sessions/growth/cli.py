"""`flask growth …`: rebuild."""

from collections import Counter
from collections.abc import Iterator
from uuid import UUID

import click
import sqlalchemy as sa
from flask.cli import AppGroup
from sqlalchemy.exc import DBAPIError

from vorex_sessions import locks
from vorex_sessions.commands import told
from vorex_sessions.extensions import ask
from vorex_sessions.sessions.deriving import rebuild

growth = AppGroup("growth", help="Streaks and achievements.")
_NEXT = sa.text("""
SELECT DISTINCT user_id FROM (
    SELECT user_id FROM session_results WHERE user_id > CAST(:after AS uuid)
    ORDER BY user_id LIMIT 20000) AS page
ORDER BY user_id
""")
_BEFORE_ALL = "00000000-0000-0000-0000-000000000000"


@growth.command("rebuild")
@click.option("--learner", type=click.UUID, help="This learner only.")
@told
def rebuild_command(learner: UUID | None) -> None:
    """Make everything that is derived from sessions anew. May be stopped, and run again.

    What was unlocked stays, and more may be.
    """
    done = Counter(_done(one) for one in ([str(learner)] if learner else _everybody()))
    click.echo(f"Rebuilt {done[True]} learners.")
    if done[False]:
        raise click.ClickException(f"{done[False]} learners were busy; run the command again.")


def _everybody() -> Iterator[str]:
    after = _BEFORE_ALL
    while learners := [str(row.user_id) for row in ask(_NEXT, {"after": after})]:
        yield from learners
        after = learners[-1]


def _done(learner_id: str) -> bool:
    """Rebuild a learner; False where somebody held the lock."""
    try:
        rebuild(learner_id, everything=True)
    except DBAPIError as error:
        if not locks.is_taken(error):
            raise
        return False
    return True
