"""What processes tell each other, by the Redis that counts requests as well."""

import time
from collections.abc import Sequence
from typing import Any

from redis import Redis, RedisError

from vorex_sessions.rate_limits.redis import pool_at

_PATIENCE = 1.0  # seconds for Redis to answer; only a greenlet of its own waits
_PAUSE = 1.0  # seconds without an attempt after a failure, for commands, which wait themselves
_SILENCE = 10.0  # seconds after which Redis is asked whether it is there
_CONNECTIONS = 4  # at most; one tells, one hears


class RedisIsAway(Exception):
    """Redis cannot be reached, or does not answer."""


class RedisRelay:
    """Redis' PUBLISH and SUBSCRIBE. Channels are those of all its databases, so the number is in the name."""

    longest = 256 * 1024  # bytes of a payload; Redis takes any

    def __init__(self, address: str, channel: str) -> None:
        # Without another attempt: redis-py would subscribe again and not say that something may be missed.
        pool = pool_at(address, most=_CONNECTIONS, patience=_PATIENCE)
        self._redis: Any = Redis(connection_pool=pool)  # its subscriptions have no types
        self._channel = f"{channel}:{pool.connection_kwargs.get('db') or 0}"
        self._paused_until = 0.0

    def tell(self, payloads: Sequence[str]) -> None:
        """Tell all who hear. Raises RedisIsAway."""
        if time.monotonic() < self._paused_until:
            raise RedisIsAway
        try:
            with self._redis.pipeline(transaction=False) as pipeline:
                for payload in payloads:
                    pipeline.publish(self._channel, payload)
                pipeline.execute()
        except (RedisError, OSError) as error:
            self._paused_until = time.monotonic() + _PAUSE
            raise RedisIsAway from error

    def listen(self) -> "Subscription":
        """Begin to hear. Raises RedisIsAway."""
        return Subscription(self._redis, self._channel)


class Subscription:
    """A connection that hears a channel."""

    def __init__(self, redis: Any, channel: str) -> None:
        self._pubsub = redis.pubsub()
        self._is_asked = False
        try:
            self._pubsub.subscribe(channel)
            # The first message says that it has subscribed.
            if self._pubsub.get_message(timeout=_PATIENCE) is None:
                raise RedisIsAway
        except (RedisError, OSError, RedisIsAway) as error:
            self.close()
            raise RedisIsAway from error

    def wait(self, seconds: float) -> list[str]:
        """The payloads that have come, at the latest after some seconds. Raises RedisIsAway."""
        heard = []
        try:
            message = self._pubsub.get_message(timeout=min(seconds, _SILENCE))
            if message is None:
                self._ask()
            while message is not None:
                self._is_asked = False
                if message["type"] == "message":
                    heard.append(message["data"].decode())
                message = self._pubsub.get_message(timeout=0)
        except (RedisError, OSError) as error:
            raise RedisIsAway from error
        return heard

    def _ask(self) -> None:
        """Find a connection that is open on this side alone."""
        if self._is_asked:
            raise RedisIsAway
        self._pubsub.ping()
        self._is_asked = True

    def close(self) -> None:
        """Close the connection."""
        self._pubsub.close()
