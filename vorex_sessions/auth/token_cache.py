"""Verified access tokens, remembered for a minute: apps call several times in a row with the same one."""

import time
from collections.abc import Callable
from hashlib import blake2b
from typing import Generic, TypeVar

LONGEST = 60  # seconds; for so long a token outlives the key it was signed with
MOST = 3_000  # tokens of a worker, in 1 MB; then it begins anew
Known = TypeVar("Known")


class TokenCache(Generic[Known]):
    """What tokens were found to say, by their digests: a copy of this memory lets nobody in."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._known: dict[bytes, tuple[Known, float, float]] = {}

    def find(self, token: str) -> Known | None:
        """What is remembered of a token, unless that was a minute ago or it has expired since."""
        found = self._known.get(_digest(token))
        if found is None:
            return None
        known, until, expires = found
        return known if self._clock() < until and time.time() < expires else None

    def keep(self, token: str, known: Known, *, expires: float) -> None:
        """Remember what a verified token says; `expires` is its `exp`."""
        if len(self._known) >= MOST:
            self._known = {}
        self._known[_digest(token)] = (known, self._clock() + LONGEST, expires)


def _digest(token: str) -> bytes:
    return blake2b(token.encode(), digest_size=16).digest()
