"""All sessions of a learner, read in portions, so that no history is too large for a worker."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from vorex_sessions.database import Transaction
from vorex_sessions.models import USER_ID, session_results
from vorex_sessions.turns import in_turns

_s = session_results.c
_KEY = ("session_result_id", "completed_at")
# Sessions of a rebuild come without metadata, of which thousands may have 16 KiB each.
_NOT_READ = ("user_id", "metadata", "created_at", "updated_at", "fingerprint")
_CONTENT = tuple(column.name for column in _s if column.name not in (*_NOT_READ, *_KEY))
_PORTION = 50  # sessions


class AllSessions:
    """The sessions of a learner within a transaction, in order of time; each pass reads them again."""

    def __init__(self, transaction: Transaction, learner_id: str) -> None:
        self._transaction, self._learner_id = transaction, learner_id

    def __iter__(self) -> Iterator[Any]:
        return self.reading(*_CONTENT)

    def reading(self, *names: str) -> Iterator[Any]:
        """The sessions with id, `completed_at` and these columns only."""
        portions = self._transaction.portions(
            _statement(names), {"user_id": self._learner_id}, size=_PORTION
        )
        for portion in portions:
            yield from in_turns(portion)


@lru_cache(maxsize=16)
def _statement(names: tuple[str, ...]) -> sa.Select[Any]:
    columns = (_s[name] for name in (*_KEY, *names))
    in_time = (_s.completed_at, _s.session_result_id)
    return sa.select(*columns).where(_s.user_id == USER_ID).order_by(*in_time)
