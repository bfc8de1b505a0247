"""Counts requests in windows of a minute, in the memory of a worker.

flask-limiter's `limits` is not used: its memory storage scans all its keys up to a hundred times a
second (docs/decisions.md has the measurements).
"""

import threading
import time
from collections.abc import Callable
from typing import Protocol

WINDOW = 60  # seconds
_CLEANUP_INTERVAL = 15  # seconds; until then, an ended window takes 300 bytes per learner


class CounterUnavailable(Exception):
    """The request could not be counted."""


class Counter(Protocol):
    """Counts requests by key."""

    def hit(self, key: str) -> tuple[int, float]:
        """Count a request; return the count of its window and the seconds until the window ends."""


class MemoryCounter:
    """The counter of a single worker. A window begins with its first request."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._windows: dict[str, tuple[float, int]] = {}  # end and count of each key's window
        self._cleaned_at = clock()

    def hit(self, key: str) -> tuple[int, float]:
        """Count a request."""
        now = self._clock()
        with self._lock:
            if now - self._cleaned_at >= _CLEANUP_INTERVAL:
                self._windows = {k: w for k, w in self._windows.items() if w[0] > now}
                self._cleaned_at = now
            ends, count = self._windows.get(key, (now, 0))
            if ends <= now:
                ends, count = now + WINDOW, 0
            self._windows[key] = (ends, count + 1)
        return count + 1, ends - now
