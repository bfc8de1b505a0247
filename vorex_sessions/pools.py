"""Database connections, first come, first served.

SQLAlchemy's own pool wakes who waits, and lets whoever comes by take the connection first: under load some
waited for a second and got 503 while others were served ten times (docs/performance.md).
"""

import threading
from collections import deque
from typing import Any

from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool


class Turns:
    """At most so many at once; a place that is given back goes to who has waited longest."""

    def __init__(self, places: int) -> None:
        self._free = places
        self._waiting: deque[threading.Lock] = deque()
        self._lock = threading.Lock()

    def take(self, timeout: float) -> bool:
        """Wait for a place, at most so many seconds; whether there was one."""
        with self._lock:
            if self._free:
                self._free -= 1
                return True
            turn = threading.Lock()
            turn.acquire()
            self._waiting.append(turn)
        if turn.acquire(timeout=timeout):
            return True
        with self._lock:
            if turn in self._waiting:
                self._waiting.remove(turn)
                return False
        return True  # it came in the last moment

    def give(self) -> None:
        """Give a place back."""
        with self._lock:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._free += 1


class FairPool(QueuePool):
    """A QueuePool whose connections are handed out in turn."""

    def __init__(self, creator: Any, pool_size: int, **options: Any) -> None:
        super().__init__(creator, pool_size, **options)
        self._turns = Turns(pool_size)

    def _do_get(self) -> ConnectionPoolEntry:
        if not self._turns.take(self._timeout):
            raise PoolTimeout(f"no connection was free within {self._timeout} s")
        try:
            return super()._do_get()
        except BaseException:
            self._turns.give()
            raise

    def _do_return_conn(self, record: ConnectionPoolEntry) -> None:
        try:
            super()._do_return_conn(record)
        finally:
            self._turns.give()
