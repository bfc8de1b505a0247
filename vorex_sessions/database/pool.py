"""A connection pool that serves waiting requests in the order they came.

SQLAlchemy's QueuePool wakes a waiter but lets a newcomer take the connection first: under load some requests
waited a second and got 503 while others were served ten times (docs/performance.md). There are as many places
as connections: who has one finds a connection at rest or may make one, so that nobody waits for the Stack.
"""

import threading
import time
from collections import deque
from contextlib import suppress
from typing import Any

from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool
from sqlalchemy.util.queue import Empty, QueueCommon

from vorex_sessions.database.timeouts import ABANDONED_QUERY

# Seconds in which a new connection would find the same server: bounds how often connections are replaced.
FRESH = 0.25
ABANDONED = "vorex_abandoned"  # marks, in `info`, a connection whose server may still be busy


class FairSemaphore:
    """A semaphore whose released places go to the longest waiter."""

    def __init__(self, places: int) -> None:
        self._free = [None] * places  # its pop is atomic; the lock is for who waits
        self._waiters: deque[threading.Lock] = deque()
        self._lock = threading.Lock()

    def acquire(self, timeout: float) -> bool:
        """Wait at most `timeout` seconds for a place; returns whether there was one."""
        try:
            self._free.pop()
        except IndexError:
            return self._wait_for_one(timeout)
        return True

    def _wait_for_one(self, timeout: float) -> bool:
        with self._lock:
            with suppress(IndexError):
                self._free.pop()
                return True
            turn = threading.Lock()
            turn.acquire()
            self._waiters.append(turn)
        try:
            has_turn = turn.acquire(timeout=timeout)
        except BaseException:  # who waits is ended
            if self._leave(turn):
                self.release()
            raise
        return has_turn or self._leave(turn)

    def _leave(self, turn: threading.Lock) -> bool:
        """Wait no longer; returns whether the turn came in the last moment."""
        with self._lock:
            if turn in self._waiters:
                self._waiters.remove(turn)
                return False
        return True

    def release(self) -> None:
        """Give a place back."""
        with self._lock:
            if self._waiters:
                self._waiters.popleft().release()
            else:
                self._free.append(None)


class Stack(QueueCommon[ConnectionPoolEntry]):
    """The connections at rest. SQLAlchemy's own queue takes and gives its lock six times a query."""

    def __init__(self, maxsize: int = 0, use_lifo: bool = True) -> None:
        self.maxsize, self.use_lifo = maxsize, use_lifo
        self._items: list[ConnectionPoolEntry] = []  # its append and pop are atomic

    def qsize(self) -> int:
        """How many connections are at rest."""
        return len(self._items)

    def get(self, block: bool = True, timeout: float | None = None) -> ConnectionPoolEntry:
        """Take the one that was used last; raises Empty without waiting."""
        try:
            return self._items.pop()
        except IndexError:
            raise Empty from None

    def put(
        self, item: ConnectionPoolEntry, block: bool = True, timeout: float | None = None
    ) -> None:
        """Put one back."""
        self._items.append(item)


class FairPool(QueuePool):
    """A QueuePool behind a FairSemaphore."""

    _queue_class = Stack

    def __init__(self, creator: Any, pool_size: int, **options: Any) -> None:
        super().__init__(creator, pool_size, **options)
        self._semaphore = FairSemaphore(pool_size)

    def _do_get(self) -> ConnectionPoolEntry:
        if not self._semaphore.acquire(self._timeout):
            raise PoolTimeout(f"no connection was free within {self._timeout} s")
        try:
            return super()._do_get()
        except BaseException:
            self._semaphore.release()
            raise

    def _do_return_conn(self, record: ConnectionPoolEntry) -> None:
        is_abandoned = record.info.pop(ABANDONED, False)
        try:
            super()._do_return_conn(record)
        finally:
            if is_abandoned:
                # Until the server has noticed, it counts this connection beside the one that takes its place.
                later = threading.Timer(ABANDONED_QUERY, self._semaphore.release)
                later.daemon = True
                later.start()
            else:
                self._semaphore.release()

    def renew(self) -> None:
        """Replace every connection at its next checkout, unless that was done a moment ago."""
        if time.time() - self._invalidate_time > FRESH:
            self._invalidate_time = time.time()  # as SQLAlchemy does after a lost connection
