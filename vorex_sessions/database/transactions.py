"""Several statements, all or nothing: `run_transaction(work, learner_id=…)`.

Round trips are what a transaction costs: BEGIN and the learner's lock travel with the first statement, and
deferred statements with whatever is sent next, at the latest with COMMIT.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import sqlalchemy as sa

from vorex_sessions.current import current_flask
from vorex_sessions.database import locks
from vorex_sessions.database.connection import (
    Bound,
    Cursor,
    checkout,
    retried,
    rolled_back_on_error,
)
from vorex_sessions.database.one_snapshot import current_snapshot
from vorex_sessions.database.timeouts import QUERY_TIMEOUT, deadline
from vorex_sessions.extensions import db

T = TypeVar("T")
_SET_STATEMENT_TIMEOUT = sa.text("SELECT set_config('statement_timeout', :milliseconds, true)")


class Transaction:
    """The transaction under way, as `work` gets it."""

    def __init__(self, cursor: Cursor, before: str) -> None:
        self._cursor = cursor
        self._before = before  # settings and lock, for the first statement
        self._begun = False
        self._ended = False
        self._cursors = 0
        self._deferred: list[Bound] = []

    def run(self, statement: sa.Executable, parameters: Mapping[str, Any]) -> Sequence[Any]:
        """Run a statement now; returns all its rows, as named tuples."""
        return self._send((statement, parameters))

    def portions(
        self, statement: sa.Executable, parameters: Mapping[str, Any], *, size: int
    ) -> Iterator[Sequence[Any]]:
        """Run a query; yields its rows, `size` at a time, so that any number fits into memory.

        What is deferred meanwhile travels with the next portion.
        """
        if self._deferred:
            self._send()
        self._cursors += 1
        name = f"portions_{self._cursors}"
        fetch = f";\nFETCH {size} FROM {name}"
        declare = f"DECLARE {name} NO SCROLL CURSOR FOR "
        rows = self._send((statement, parameters), declare=declare, after=fetch)
        while rows:
            yield rows
            rows = self._send(after=fetch) if len(rows) == size else ()

    def defer(self, statement: sa.Executable, parameters: Mapping[str, Any]) -> None:
        """Run a statement whose rows nobody needs: it travels with the next one, or with COMMIT."""
        self._deferred.append((statement, parameters))

    def finish(self, statement: sa.Executable, parameters: Mapping[str, Any]) -> Sequence[Any]:
        """Run the last statement. If it is the first one that is sent, it needs no round trip for COMMIT."""
        if self._begun:
            return self.run(statement, parameters)
        # PostgreSQL runs statements of one text in one transaction, which ends with the text.
        rows = self._send((statement, parameters), begin="")
        self._ended = True
        return rows

    def complete(self, work: "Callable[[Transaction], T]") -> T:
        """Run `work` and commit; for run_transaction."""
        result = work(self)
        if self._deferred:
            self._send(after=";\nCOMMIT")
        elif self._begun and not self._ended:
            self._cursor.execute("COMMIT")
        return result

    def _send(
        self, *statements: Bound, begin: str = "BEGIN;", declare: str = "", after: str = ""
    ) -> Sequence[Any]:
        if self._ended:
            raise RuntimeError("finish() has ended this transaction; run nothing after it")
        deferred, self._deferred = self._deferred, []
        before = "" if self._begun else begin + self._before
        self._begun = True
        return self._cursor.send([*deferred, *statements], before + declare, after)


def run_long(
    statement: sa.Executable,
    parameters: Mapping[str, Any],
    *,
    timeout: float,
    engine: sa.Engine | None = None,
) -> Sequence[Any]:
    """Run one statement that may take `timeout` seconds, for jobs; returns all its rows."""
    return run_transaction(
        lambda transaction: transaction.run(statement, parameters), timeout=timeout, engine=engine
    )


def run_transaction(
    work: Callable[[Transaction], T],
    *,
    learner_id: str | None = None,
    timeout: float = QUERY_TIMEOUT,
    engine: sa.Engine | None = None,
) -> T:
    """Run `work(transaction)` and commit; roll back on any error. Returns what `work` returns.

    With `learner_id` the transaction holds the learner's lock (locks.py) from its first statement on.
    `work` must be safe to run twice: on a lost connection it runs again. Raises DBAPIError or PoolTimeout
    within `timeout` seconds.
    """
    if current_snapshot():
        raise RuntimeError("within a snapshot nothing is written; use after_snapshot()")
    is_distributed = current_flask().config["DB_DISTRIBUTED"]
    before = locks.acquire(learner_id, is_distributed=is_distributed) if learner_id else ""
    place = engine or db.engine

    def attempt() -> T:
        with checkout(place) as cursor:
            transaction = Transaction(cursor, before)
            with rolled_back_on_error(cursor):
                if timeout <= QUERY_TIMEOUT:
                    return transaction.complete(work)
                # Work that may take long must not wait long for its beginning.
                milliseconds = str(round(timeout * 1000))
                transaction.run(_SET_STATEMENT_TIMEOUT, {"milliseconds": milliseconds})
                with deadline(timeout):
                    return transaction.complete(work)

    with deadline(QUERY_TIMEOUT):
        return retried(attempt, place)
