"""Counts requests in a Redis, for all workers on all machines."""

import time
from collections.abc import Callable
from typing import cast

from redis import BlockingConnectionPool, Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

from config import SettingError
from vorex_sessions.rate_limits.in_memory import WINDOW, CounterUnavailable

_HIT = """
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return {count, redis.call('PTTL', KEYS[1])}
"""
_PAUSE = 1  # seconds without a request to a Redis that has just failed


def pool_at(address: str, *, most: int, patience: float) -> BlockingConnectionPool:
    """Connections to a Redis, made when they are needed, that fail after so many seconds, without a retry.

    Raises SettingError for unknown options.
    """
    try:
        pool = BlockingConnectionPool.from_url(
            address,
            max_connections=most,
            timeout=patience,
            socket_connect_timeout=patience,
            socket_timeout=patience,
            retry=Retry(NoBackoff(), 0),
            protocol=2,  # version 3 starts with HELLO, another reply to wait for
        )
        # Raises for unknown options; does not connect.
        pool.connection_class(**pool.connection_kwargs)
    except (TypeError, ValueError):
        raise SettingError(
            "RATELIMIT_STORAGE_URI has an option that the redis package does not know."
        ) from None
    return pool


class RedisCounter:
    """The counter of all workers. While Redis is down, one request per second takes about 50 ms longer."""

    def __init__(self, address: str, clock: Callable[[], float] = time.monotonic) -> None:
        pool = pool_at(
            address, most=1000, patience=0.02
        )  # requests that a worker may count at once
        self._hit = Redis(connection_pool=pool).register_script(_HIT)
        self._clock = clock
        self._paused_until = clock()

    def hit(self, key: str) -> tuple[int, float]:
        """Count a request. Raises CounterUnavailable."""
        if self._clock() < self._paused_until:
            raise CounterUnavailable("Redis failed a moment ago")
        try:
            count, milliseconds_left = cast(tuple[int, int], self._hit([key], [WINDOW * 1000]))
        except (RedisError, OSError) as error:
            self._paused_until = self._clock() + _PAUSE
            raise CounterUnavailable(f"Redis: {error}") from None
        return count, milliseconds_left / 1000
