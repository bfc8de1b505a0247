"""How processes tell each other of changes: by Redis where it is set, else by PostgreSQL's NOTIFY."""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any, Protocol

from vorex_sessions.database import notifications


class Ear(Protocol):
    """Hears what is told from now on."""

    def wait(self, seconds: float) -> list[str]:
        """The payloads that have come, at the latest after some seconds. Raises when it hears no more."""

    def close(self) -> None:
        """Hear no more."""


class Relay(Protocol):
    """Takes payloads to all processes that have an ear, in order."""

    longest: int  # bytes of a payload

    def tell(self, payloads: Sequence[str]) -> None:
        """Tell all who hear. Raises where that fails."""

    def listen(self) -> Ear:
        """Begin to hear. Raises where that fails."""


class Notices:
    """PostgreSQL. Needs the app's context."""

    longest = notifications.LONGEST

    def __init__(self, channel: str) -> None:
        self._channel = channel

    def tell(self, payloads: Sequence[str]) -> None:
        """Tell all who hear, if there are any."""
        notifications.notify(self._channel, payloads)

    def listen(self) -> Ear:
        """Begin to hear."""
        return notifications.Listener(self._channel)


def relay_of(config: Mapping[str, Any]) -> Relay | None:
    """The relay of the app's settings; None behind a transaction pooler without Redis: nobody can listen."""
    channel = f"vorex_live_{config['DATABASE_SCHEMA'] or ''}"
    if (address := config["RATELIMIT_STORAGE_URI"]) != "memory://":
        from vorex_sessions.live.redis_relay import RedisRelay  # 6 MB per worker, only if used

        return RedisRelay(address, channel)
    if config["DB_TRANSACTION_POOLER"]:
        return None
    # PostgreSQL takes fewer than 64 characters, and a schema's name may have as many.
    return Notices(
        channel if len(channel) < 64 else f"vorex_live_{sha256(channel.encode()).hexdigest()[:40]}"
    )
