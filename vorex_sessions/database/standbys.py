"""The standby that answers what may lag (DATABASE_READ_URL): whether to ask it, and how far behind it is.

How far is known from two statements that are sent anyway, one to each server, so no clock and no right is
needed: a standby that has replayed all that the primary had written is current, however long ago that was.
"""

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from flask import Flask, current_app
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from vorex_sessions import metrics
from vorex_sessions.database.prepared_statements import prepared
from vorex_sessions.database.queries import run, run_within
from vorex_sessions.database.timeouts import STANDBY_CHECK
from vorex_sessions.database.transactions import run_long
from vorex_sessions.extensions import db

POOL, EXPORT_POOL = "standby", "standby_exports"  # the binds' names in flask_config.py
MOST_BEHIND = timedelta(seconds=5)
PAUSE = 1.0  # seconds for which a standby that is away or behind is not asked
_EXTENSION = "vorex_standby"
log = logging.getLogger(__name__)


def _position(function: str) -> sa.ColumnElement[Any]:
    """A position in the log, as a number."""
    return sa.literal_column(f"CAST(pg_wal_lsn_diff({function}(), '0/0') AS bigint)")


# What the primary has written, and when that was.
WRITTEN = (
    _position("pg_current_wal_lsn").label("written"),
    sa.func.clock_timestamp().label("at"),
)
# What a standby has replayed, and when the primary committed the last of it. Another server has no standby's.
REPLAYED = (
    sa.func.pg_is_in_recovery().label("is_standby"),
    _position("pg_last_wal_replay_lsn").label("replayed"),
    sa.func.pg_last_xact_replay_timestamp().label("committed_at"),
)
_WRITTEN, _REPLAYED = prepared(sa.select(*WRITTEN)), prepared(sa.select(*REPLAYED))


class NotUsable(Exception):
    """The standby cannot answer this; its text is the reason, as in metrics.STANDBY_READS."""


@dataclass(frozen=True)
class Look:
    """What a look at the standby has found: why it is not used, and how far it is behind."""

    reason: str | None  # None: it is used
    lag: timedelta | None  # None: not known


class Standby:
    """The standby of one worker: a short memory of why not to ask it."""

    def __init__(self) -> None:
        self._reason = ""  # why it could not be used when it was last asked; "" if it could
        self._until = 0.0  # until when it is not asked

    def reason(self) -> str:
        """Why it is not asked now; "": it is. After a pause one caller tries, the others wait for it."""
        now = time.monotonic()
        if now < self._until:
            return self._reason
        if self._reason:
            self._until = now + PAUSE
        return ""

    def check(self, standby: Any, primary: Any) -> None:
        """Compare a row of REPLAYED with one of WRITTEN, read before. Raises NotUsable."""
        lag = lag_of(standby, primary)
        if lag is None or lag > MOST_BEHIND:
            raise NotUsable("behind" if standby.is_standby else "away")
        self._reason = ""

    def note(self, error: Exception) -> str:
        """Remember why it could not answer; returns the reason."""
        reason = _reason_of(error)
        if reason in ("away", "behind"):
            self._reason, self._until = reason, time.monotonic() + PAUSE
        return reason

    def look(self, least: int = 0) -> Look:
        """Ask it how far it is behind, and whether it has replayed up to the position `least`.

        Raises DBAPIError and PoolTimeout where the primary is away.
        """
        primary, lag = run(_WRITTEN)[0], None
        try:
            row = self._replayed()
            lag = lag_of(row, primary)
            self.check(row, primary)
            if row.replayed < least:
                raise NotUsable("own_write")
        except (NotUsable, DBAPIError, PoolTimeout) as error:
            return Look(self.note(error), lag)
        return Look(None, lag)

    def _replayed(self) -> Any:
        return run_within(_REPLAYED, {}, db.engines[POOL], seconds=STANDBY_CHECK)[0]


def init_app(app: Flask) -> None:
    """Remember whether there is a standby."""
    app.extensions[_EXTENSION] = Standby() if app.config["DATABASE_READ_URL"] else None


def current_standby() -> Standby | None:
    """The standby of the current app, if it has one."""
    standby: Standby | None = current_app.extensions[_EXTENSION]
    return standby


def lag_of(standby: Any, primary: Any) -> timedelta | None:
    """How far a standby is behind, by rows of REPLAYED and WRITTEN; None where that is not known.

    If something is yet to be replayed, the last commit that was says how far, by the clock of the primary.
    """
    if not standby.is_standby or standby.replayed is None:
        return None
    if standby.replayed >= primary.written:
        return timedelta()
    if standby.committed_at is None:
        return None
    behind: timedelta = primary.at - standby.committed_at
    return max(behind, timedelta())


def _reason_of(error: Exception) -> str:
    if isinstance(error, NotUsable):
        return str(error)
    if isinstance(error, PoolTimeout):
        return "busy"
    return "away" if isinstance(error, OperationalError | InterfaceError) else "failed"


class JobReads:
    """Reads of a job over all learners: what they see is not older than this object."""

    def __init__(self) -> None:
        self._standby = current_standby()
        self._begun = run(_WRITTEN)[0] if self._standby else None

    def run_long(
        self, statement: sa.Executable, parameters: Mapping[str, Any], *, timeout: float
    ) -> Sequence[Any]:
        """Like `database.run_long`, by the standby if it can."""
        if self._is_usable():
            try:
                engine = db.engines[POOL]
                return run_long(statement, parameters, timeout=timeout, engine=engine)
            except (DBAPIError, PoolTimeout) as error:
                log.warning("a standby failed: %s", self._standby and self._standby.note(error))
        return run_long(statement, parameters, timeout=timeout)

    def _is_usable(self) -> bool:
        """Whether the standby has replayed what was written when the job began."""
        if not (self._standby and self._begun):
            return False
        reason = self._standby.reason()
        if not reason:
            look = self._standby.look(self._begun.written)
            reason = look.reason or "standby"
        count(reason)
        return reason == "standby"


def count(outcome: str) -> None:
    """Count a read that may lag: answered by the standby, or why not."""
    metrics.STANDBY_READS.labels(outcome).inc()
