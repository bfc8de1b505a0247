"""Counting requests in one Redis, for all workers of all machines."""

import time
from collections.abc import Callable
from typing import cast

from redis import BlockingConnectionPool, Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

from vorex_sessions.rate_limits.memory import WINDOW, Uncounted

_HIT = """
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return {count, redis.call('PTTL', KEYS[1])}
"""
_LET_BE = 1  # seconds without asking a Redis that has just failed


class RedisCounter:
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
