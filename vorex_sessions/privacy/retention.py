"""Retention: sessions that were completed too long ago go, a few at a time."""

from collections.abc import Iterator
from datetime import datetime

import sqlalchemy as sa

from vorex_sessions.extensions import ask, transaction
from vorex_sessions.models import session_results
from vorex_sessions.privacy import removal
from vorex_sessions.privacy.removal import Removed

_PAGE = 20_000  # index entries looked at in one go
_LONGEST = 3600  # seconds for the dry run, which counts all at once


def _page(where: str) -> sa.TextualSelect:
    """Of so many index entries, in the order of learners: who they are, and who has something old."""
    return sa.text(f"""
        SELECT user_id, bool_or(completed_at < :cutoff) AS old
        FROM (
            SELECT user_id, completed_at FROM session_results {where}
            ORDER BY user_id LIMIT {_PAGE}) AS page
        GROUP BY user_id ORDER BY user_id
        """).columns(session_results.c.user_id, sa.column("old", sa.Boolean))  # noqa: S608  # our own text


_FIRST = _page("")
_NEXT = _page("WHERE user_id > CAST(:after AS uuid)")
_OLD = "completed_at < :cutoff"
_COUNT = sa.text("""
SELECT count(*) AS sessions, count(DISTINCT user_id) AS learners
FROM session_results WHERE completed_at < :cutoff
""")


def due(cutoff: datetime) -> Removed:
    """What `purge` would remove; changes nothing."""
    with transaction(_LONGEST) as connection:
        found = connection.execute(_COUNT, {"cutoff": cutoff}).one()
    return Removed(found.sessions, found.learners)


def purge(cutoff: datetime) -> Removed:
    """Remove what was completed before `cutoff`. May be stopped, run again, and run twice at once.

    No tombstones are left: the point is to keep nothing. What a phone sends once more after that is
    stored anew, and goes with the next purge.
    """
    return removal.remove(_learners(cutoff), _OLD, {"cutoff": cutoff})


def _learners(cutoff: datetime) -> Iterator[str]:
    """Every learner who may have something old. Walks the index, so each page costs the same."""
    rows = ask(_FIRST, {"cutoff": cutoff})
    while rows:
        yield from (str(row.user_id) for row in rows if row.old)
        # The page may end within a learner, whose oldest sessions come last.
        last = str(rows[-1].user_id)
        if not rows[-1].old:
            yield last
        rows = ask(_NEXT, {"cutoff": cutoff, "after": last})
