"""What a standby answers: long periods and downloads, and only with all that the learner has written.

The primary says the learner's state, one row of an index. A standby whose snapshot has the same state has
every change of this learner, whichever process or machine stored it; those of others it need not have.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from vorex_sessions.database import prepared, run, standbys
from vorex_sessions.database.one_snapshot import in_snapshot
from vorex_sessions.database.snapshot import Snapshot
from vorex_sessions.database.timeouts import STANDBY_CHECK, STANDBY_READ, extend_deadline
from vorex_sessions.extensions import db
from vorex_sessions.hooks.freshness import STATE
from vorex_sessions.hooks.rebuild import Stale

T = TypeVar("T")
_LONG_PERIODS = ("year", "all")
_state = STATE.label("state")
_PRIMARY = prepared(sa.select(*standbys.WRITTEN, _state))
_STANDBY = prepared(sa.select(*standbys.REPLAYED, _state))
# What a snapshot says of the learner beside the state, for downloads.
More = Callable[[Callable[[sa.Select[Any], Mapping[str, Any]], Any]], Any]


def may_lag(query: Mapping[str, Any]) -> bool:
    """Whether a question is about a long period."""
    return query.get("period") in _LONG_PERIODS


def by_standby(learner_id: str, read: Callable[[], T], otherwise: Callable[[], T]) -> T:
    """Return what `read` returns of a standby, where it can answer; else what `otherwise` returns.

    `read` must be safe to run twice, and write nothing.
    """
    standby = standbys.current_standby()
    if standby is None:
        return otherwise()
    if reason := standby.reason():
        standbys.count(reason)
        return otherwise()
    parameters = {"user_id": learner_id}
    primary = run(_PRIMARY, parameters)[0]

    def attempt() -> T:
        _compare(standby, run(_STANDBY, parameters)[0], primary)
        extend_deadline(STANDBY_READ)
        return read()

    try:
        answer = in_snapshot(attempt, engine=db.engines[standbys.POOL], timeout=STANDBY_CHECK)
    except (standbys.NotUsable, Stale, DBAPIError, PoolTimeout) as error:
        standbys.count("stale" if isinstance(error, Stale) else standby.note(error))
        return otherwise()
    standbys.count("standby")
    return answer


def standby_snapshot(learner_id: str, more: More) -> Snapshot | None:
    """A snapshot of a standby for a download; None where the primary has to give it.

    `more` says, by what runs a query, what else must be the same on both.
    """
    standby = standbys.current_standby()
    if standby is None:
        return None
    if reason := standby.reason():
        standbys.count(reason)
        return None
    parameters = {"user_id": learner_id}
    primary, expected = run(_PRIMARY, parameters)[0], more(run)
    try:
        snapshot = Snapshot(standbys.EXPORT_POOL, STANDBY_CHECK)
        try:
            _compare(standby, snapshot.run(_STANDBY, parameters)[0], primary)
            if more(snapshot.run) != expected:
                raise standbys.NotUsable("own_write")
        except BaseException:
            snapshot.close()
            raise
    except (standbys.NotUsable, DBAPIError, PoolTimeout) as error:
        standbys.count(standby.note(error))
        return None
    standbys.count("standby")
    return snapshot


def _compare(standby: standbys.Standby, row: Any, primary: Any) -> None:
    standby.check(row, primary)
    if row.state != primary.state:
        raise standbys.NotUsable("own_write")
