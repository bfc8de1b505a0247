"""In tests, the service waits three times as long for an answer of the database: a busy machine may stall.

Tests of its limit are marked `limits_of_time`. They, those marked `alone` and processes that tests start
have the usual one.
"""

import time

from vorex_sessions.database import timeouts

PATIENCE = 3  # 4.5 s for a query: less than the server's own limit, which stays as it is


class _Clock:
    """A clock that goes at another speed, and does not leap when its speed changes."""

    def __init__(self) -> None:
        self._speed = (time.monotonic(), time.monotonic(), 1.0)

    def monotonic(self) -> float:
        since, reading, speed = self._speed
        return reading + (time.monotonic() - since) * speed

    def go(self, speed: float) -> None:
        self._speed = (time.monotonic(), self.monotonic(), speed)


_clock = _Clock()


def start() -> None:
    """Let the deadlines of this process go by our clock."""
    timeouts.time = _clock  # type: ignore[attr-defined]  # of the module `time` it reads monotonic() alone


def begin(*, usual: bool) -> None:
    """Begin a test, with the usual limits or with long ones."""
    _clock.go(1 if usual else 1 / PATIENCE)
