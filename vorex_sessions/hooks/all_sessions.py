"""All sessions of a learner, read in portions, so that no history is too large for a worker."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from vorex_sessions.database import Transaction, prepared
from vorex_sessions.models import BEFORE_ALL, USER_ID, session_results
from vorex_sessions.turns import in_turns

_s = session_results.c
_KEY = ("session_result_id", "completed_at")
# Sessions of a rebuild come without metadata, of which thousands may have 16 KiB each.
_NOT_READ = ("user_id", "metadata", "created_at", "updated_at", "fingerprint")
_CONTENT = tuple(column.name for column in _s if column.name not in (*_NOT_READ, *_KEY))
_PORTION = 50  # sessions
_BEFORE_ALL: dict[str, Any] = {"after_time": "-infinity", "after_id": BEFORE_ALL}


class AllSessions:
    """The sessions of a learner within a transaction, in order of time; each pass reads them again."""

    def __init__(self, transaction: Transaction, learner_id: str) -> None:
        self._transaction, self._learner_id = transaction, learner_id

    def __iter__(self) -> Iterator[Any]:
        return self.reading(*_CONTENT)

    def reading(self, *names: str) -> Iterator[Any]:
        """The sessions with id, `completed_at` and these columns only."""
        statement, place = _statement(names), _BEFORE_ALL
        while True:
            parameters = {"user_id": self._learner_id, **place}
            portion = self._transaction.run(statement, parameters)
            yield from in_turns(portion)
            if len(portion) < _PORTION:
                return
            last = portion[-1]
            place = {"after_time": last.completed_at, "after_id": str(last.session_result_id)}


@lru_cache(maxsize=16)
def _statement(names: tuple[str, ...]) -> sa.Select[Any]:
    columns = (_s[name] for name in (*_KEY, *names))
    in_time = (_s.completed_at, _s.session_result_id)
    after = (
        sa.bindparam("after_time", type_=_s.completed_at.type),
        sa.bindparam("after_id", type_=_s.session_result_id.type),
    )
    later = sa.select(*columns).where(
        _s.user_id == USER_ID, sa.tuple_(*in_time) > sa.tuple_(*after)
    )
    return prepared(later.order_by(*in_time).limit(sa.literal_column(str(_PORTION))))
