"""Several questions that are answered from one moment of the database, on one connection.

Within `in_snapshot`, `queries.run` sends all queries in one read-only transaction, for callers who know
nothing of it. Writes wait until it is over (`after_snapshot`): a second connection beside the first would let
many requests wait for each other.
"""

from collections.abc import Callable
from contextvars import ContextVar
from typing import TypeVar

import sqlalchemy as sa

from vorex_sessions.database.connection import Cursor, checkout, retried, rolled_back_on_error
from vorex_sessions.database.timeouts import QUERY_TIMEOUT, deadline
from vorex_sessions.extensions import db

T = TypeVar("T")
_BEGIN = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;"


class OneSnapshot:
    """The transaction under way."""

    def __init__(self, cursor: Cursor) -> None:
        self.cursor = cursor
        self.later: list[Callable[[], None]] = []
        self.is_begun = False
        self._before = _BEGIN

    def before(self, after: str = "") -> str:
        """What to send before the next query; `after` is for the one that follows it."""
        self.is_begun = True
        before, self._before = self._before, after
        return before


_snapshot: ContextVar[OneSnapshot | None] = ContextVar("snapshot", default=None)


def current_snapshot() -> OneSnapshot | None:
    """The snapshot in which queries are sent, if any."""
    return _snapshot.get()


def in_snapshot(
    read: Callable[[], T], *, engine: sa.Engine | None = None, timeout: float = QUERY_TIMEOUT
) -> T:
    """Return what `read` returns; all its queries see one moment.

    `read` must be safe to run twice: on a lost connection it runs again. All together its queries have
    `timeout` seconds. Raises DBAPIError or PoolTimeout.
    """
    later: list[Callable[[], None]] = []
    place = engine or db.engine

    def attempt() -> T:
        with checkout(place) as cursor:
            snapshot = OneSnapshot(cursor)
            token = _snapshot.set(snapshot)
            try:
                with rolled_back_on_error(cursor):
                    answer = read()
                    if snapshot.is_begun:
                        cursor.execute("COMMIT")
            finally:
                _snapshot.reset(token)
        later[:] = snapshot.later
        return answer

    with deadline(timeout):
        answer = retried(attempt, place)
    for action in later:
        action()
    return answer


def after_snapshot(action: Callable[[], None]) -> None:
    """Run `action` now, or when the snapshot under way is over."""
    if (snapshot := current_snapshot()) is None:
        action()
    else:
        snapshot.later.append(action)
