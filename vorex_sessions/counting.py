"""Counting requests in windows of a minute: in this worker's memory, or in one Redis for all.

flask-limiter's `limits` is not used: its memory storage looks at every key it holds up to a hundred
times a second (docs/decisions.md has what was measured).
"""

import threading
import time
from collections.abc import Callable
from typing import Protocol, cast

from redis import BlockingConnectionPool, Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

from config import SettingError

WINDOW = 60  # seconds


class Uncounted(Exception):
    """The counts are away."""


class Counts(Protocol):
    """Where requests are counted."""

    def hit(self, key: str) -> tuple[int, float]:
        """Count one: how many there were in this window, and how many seconds it still has."""


class Memory:
    """The counts of one worker. A window begins with its first request."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._windows: dict[str, tuple[float, int]] = {}  # when it ends, and the count
        self._swept = clock()

    def hit(self, key: str) -> tuple[int, float]:
        """Count one."""
        now = self._clock()
        with self._lock:
            if now - self._swept >= WINDOW:
                self._windows = {k: w for k, w in self._windows.items() if w[0] > now}
                self._swept = now
            ends, count = self._windows.get(key, (now, 0))
            if ends <= now:
                ends, count = now + WINDOW, 0
            self._windows[key] = (ends, count + 1)
        return count + 1, ends - now


_HIT = """
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return {count, redis.call('PTTL', KEYS[1])}
"""
_LET_BE = 1  # seconds without asking a Redis that has just failed


class Shared:
    """The counts of all workers, in Redis. One that is away costs one request of a second some 50 ms."""

    def __init__(self, address: str, clock: Callable[[], float] = time.monotonic) -> None:
        pool = BlockingConnectionPool.from_url(
            address,
            max_connections=1000,  # as many as gunicorn lets a worker serve at once
            timeout=0.02,
            socket_connect_timeout=0.02,
            socket_timeout=0.02,
            retry=Retry(NoBackoff(), 0),
            protocol=2,  # version 3 has a greeting of its own: one more thing to wait for
        )
        pool.connection_class(
            **pool.connection_kwargs
        )  # refuses unknown options, connects to nothing
        self._hit = Redis(connection_pool=pool).register_script(_HIT)
        self._clock = clock
        self._away_until = clock()

    def hit(self, key: str) -> tuple[int, float]:
        """Count one. Raises Uncounted."""
        if self._clock() < self._away_until:
            raise Uncounted("Redis has failed a moment ago")
        try:
            count, left = cast(tuple[int, int], self._hit([key], [WINDOW * 1000]))
        except (RedisError, OSError) as error:
            self._away_until = self._clock() + _LET_BE
            raise Uncounted(f"Redis: {error}") from None
        return count, left / 1000


def counts(address: str) -> Counts:
    """`memory://`, or the address of a Redis. Raises SettingError for one with options it does not have."""
    try:
        return Memory() if address == "memory://" else Shared(address)
    except (TypeError, ValueError):
        raise SettingError(
            "RATELIMIT_STORAGE_URI has an option that the redis package does not know."
        ) from None
