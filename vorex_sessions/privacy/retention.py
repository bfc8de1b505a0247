"""Retention: sessions that were completed too long ago go, a few at a time."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from vorex_sessions import locks
from vorex_sessions.extensions import ask, transaction
from vorex_sessions.models import session_results

_PAGE = 20_000  # index entries looked at in one go
_BATCH = 500  # sessions removed behind one lock
_ROUNDS = 3  # how often a learner whose lock is taken is tried
_LONGEST = 3600  # seconds for the dry run, which counts all at once
_LOCK_TAKEN = "55P03"


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
_REMOVE = locks.exclusive(f"""
DELETE FROM session_results
WHERE user_id = CAST(:user_id AS uuid) AND session_result_id IN (
    SELECT session_result_id FROM session_results
    WHERE user_id = CAST(:user_id AS uuid) AND completed_at < :cutoff
    ORDER BY completed_at LIMIT {_BATCH})
RETURNING session_result_id
""")  # noqa: S608  # a number of ours
_COUNT = sa.text("""
SELECT count(*) AS sessions, count(DISTINCT user_id) AS learners
FROM session_results WHERE completed_at < :cutoff
""")


@dataclass(frozen=True)
class Purged:
    """How many sessions went, of how many learners, and how many learners were busy all the time."""

    sessions: int
    learners: int
    busy: int = 0


def due(cutoff: datetime) -> Purged:
    """What `purge` would remove; changes nothing."""
    with transaction(_LONGEST) as connection:
        found = connection.execute(_COUNT, {"cutoff": cutoff}).one()
    return Purged(found.sessions, found.learners)


def purge(cutoff: datetime) -> Purged:
    """Remove what was completed before `cutoff`. May be stopped, run again, and run twice at once.

    No tombstones are left: the point is to keep nothing. What a phone sends once more after that is
    stored anew, and goes with the next purge.
    """
    removed: dict[str, int] = {}
    busy = set(_learners(cutoff))
    for _ in range(_ROUNDS):
        busy = {learner for learner in sorted(busy) if not _purge(learner, cutoff, removed)}
    return Purged(sum(removed.values()), sum(1 for count in removed.values() if count), len(busy))


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


def _purge(learner_id: str, cutoff: datetime, removed: dict[str, int]) -> bool:
    """Remove what is old of one learner, and add to the count; False where somebody held the lock."""
    parameters = {
        "learner_lock": locks.key(learner_id),
        "user_id": learner_id,
        "cutoff": cutoff,
    }
    gone = _BATCH
    while gone == _BATCH:
        try:
            gone = len(ask(_REMOVE, parameters))
        except DBAPIError as error:
            if getattr(error.orig, "pgcode", None) != _LOCK_TAKEN:
                raise
            return False
        removed[learner_id] = removed.get(learner_id, 0) + gone
    return True
