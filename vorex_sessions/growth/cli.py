"""`flask growth …`: rebuild."""

from uuid import UUID

import click
import sqlalchemy as sa
from flask.cli import AppGroup

from vorex_sessions.extensions import ask
from vorex_sessions.growth.keeping import rebuild

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
def rebuild_command(learner: UUID | None) -> None:
    """Make streaks, totals and words anew from the sessions. May be stopped, and run again.

    What was unlocked stays, and more may be.
    """
    if learner:
        rebuild(str(learner))
        click.echo(f"Rebuilt learner {learner}.")
        return
    count, after = 0, _BEFORE_ALL
    while learners := [str(row.user_id) for row in ask(_NEXT, {"after": after})]:
        for one in learners:
            rebuild(one)
        count, after = count + len(learners), learners[-1]
    click.echo(f"Rebuilt {count} learners.")
