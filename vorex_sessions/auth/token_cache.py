"""A cache of verified access tokens, for a minute: apps send several requests in a row with one token."""

import time
from collections.abc import Callable
from hashlib import blake2b
from typing import Generic, TypeVar

MAX_AGE = 60  # seconds that a token can outlive the key that signed it
MAX_TOKENS = 3_000  # per worker, about 1 MB; a full cache is emptied
Value = TypeVar("Value")


class TokenCache(Generic[Value]):
    """Values by the digest of their token: a copy of this memory contains no token that can be used."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._entries: dict[bytes, tuple[Value, float, float]] = {}

    def get(self, token: str) -> Value | None:
        """Return the value of a token, None after a minute or once the token has expired."""
        entry = self._entries.get(_digest(token))
        if entry is None:
            return None
        value, until, expires = entry
        return value if self._clock() < until and time.time() < expires else None

    def put(self, token: str, value: Value, *, expires: float) -> None:
        """Cache the value of a verified token; `expires` is its `exp`."""
        if len(self._entries) >= MAX_TOKENS:
            self._entries = {}
        self._entries[_digest(token)] = (value, self._clock() + MAX_AGE, expires)


def _digest(token: str) -> bytes:
    return blake2b(token.encode(), digest_size=16).digest()
