"""Counting requests in windows of a minute, in this worker's memory.

flask-limiter's `limits` is not used: its memory storage looks at every key it holds up to a hundred
times a second (docs/decisions.md has what was measured).
"""

import threading
import time
from collections.abc import Callable
from typing import Protocol

WINDOW = 60  # seconds
_SWEPT_EVERY = 15  # seconds; what has ended takes 300 bytes a learner until then


class Uncounted(Exception):
    """The counts are away."""


class Counts(Protocol):
    """Where requests are counted."""

    def hit(self, key: str) -> tuple[int, float]:
        """Count one: how many there were in this window, and how many seconds it still has."""


class MemoryCounter:
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
            if now - self._swept >= _SWEPT_EVERY:
                self._windows = {k: w for k, w in self._windows.items() if w[0] > now}
                self._swept = now
            ends, count = self._windows.get(key, (now, 0))
            if ends <= now:
                ends, count = now + WINDOW, 0
            self._windows[key] = (ends, count + 1)
        return count + 1, ends - now
