"""Sessions of many learners go: a few at a time behind each one's lock, who is busy is tried again."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from vorex_sessions import locks
from vorex_sessions.extensions import ask
from vorex_sessions.sessions.charge import forgetting

_BATCH = 500  # sessions removed behind one lock
_ROUNDS = 3  # how often a learner whose lock is taken is tried


@dataclass(frozen=True)
class Removed:
    """How many sessions went, of how many learners, and how many learners were busy all the time."""

    sessions: int
    learners: int
    busy: int = 0


@lru_cache
def _statement(condition: str) -> sa.TextClause:
    return locks.exclusive(f"""
    {forgetting()}
    DELETE FROM session_results
    WHERE user_id = CAST(:user_id AS uuid) AND session_result_id IN (
        SELECT session_result_id FROM session_results AS session
        WHERE user_id = CAST(:user_id AS uuid) AND ({condition})
        ORDER BY completed_at LIMIT {_BATCH})
    RETURNING session_result_id
    """)  # noqa: S608  # conditions and a number of ours


def remove(learners: Iterable[str], condition: str, parameters: Mapping[str, Any]) -> Removed:
    """Remove the sessions of each learner that meet a condition on `session`, until none is left.

    May be stopped, and run again.
    """
    what = _statement(condition)
    removed: dict[str, int] = {}
    busy = set(learners)
    for _ in range(_ROUNDS):
        busy = {
            learner for learner in sorted(busy) if not _empty(learner, what, parameters, removed)
        }
    return Removed(sum(removed.values()), sum(1 for count in removed.values() if count), len(busy))


def _empty(
    learner_id: str, what: sa.TextClause, parameters: Mapping[str, Any], removed: dict[str, int]
) -> bool:
    """Remove everything of one learner, and add to the count; False where somebody held the lock."""
    mine = {
        **parameters,
        "learner_lock": locks.key(learner_id),
        "user_id": learner_id,
        "changed": None,
    }
    gone = _BATCH
    while gone == _BATCH:
        try:
            gone = len(ask(what, mine))
        except DBAPIError as error:
            if not locks.is_taken(error):
                raise
            return False
        removed[learner_id] = removed.get(learner_id, 0) + gone
    return True
