"""Bounds the memory that a worker spends on request bodies, whoever sends them.

118 stalled bodies of 4 MiB took a worker from 70 to 563 MB.
"""

import time
from contextlib import suppress
from typing import Any, Protocol

from gevent.event import Event
from gevent.lock import BoundedSemaphore

MOST_HELD = 32 * 1024 * 1024  # bytes of all bodies; beyond, one that stalls is given up
LARGE = 256 * 1024  # bytes; a larger body becomes objects of many times its size
LARGE_AT_ONCE = 2
PATIENCE = 15  # seconds that a large body waits for its turn


class Busy(Exception):
    """There are too many large requests at once."""


class Body(Protocol):
    """What is limited."""

    taken: int
    is_complete: bool

    def hang_up(self) -> None:
        """End the connection."""


class BodyLimits:
    """The bodies that a worker holds, from their first byte to the end of their request."""

    def __init__(self) -> None:
        self._held: dict[Any, tuple[int, float]] = {}  # bytes, and when the first one came
        self._total = 0
        self._freed = Event()
        self._turns = BoundedSemaphore(LARGE_AT_ONCE)
        self._with_turn: set[Any] = set()

    def grow(self, body: Body, size: int) -> None:
        """Count bytes that were read; returns when there is room for them. Raises Busy and OSError."""
        known, began = self._held.get(body, (0, time.monotonic()))
        self._held[body] = known + size, began
        self._total += size
        while self._total > MOST_HELD:
            if not self._give_up_one():
                self._wait()
        if body.is_complete and body.taken > LARGE and body not in self._with_turn:
            if not self._turns.acquire(timeout=PATIENCE):
                raise Busy
            self._with_turn.add(body)

    def release(self, body: Body) -> None:
        """Forget a body: its request has ended."""
        size, _ = self._held.pop(body, (0, 0.0))
        self._total -= size
        self._freed.set()
        if body in self._with_turn:
            self._with_turn.remove(body)
            self._turns.release()

    def _give_up_one(self) -> bool:
        """Hang up on the body that has held most memory for longest: one that stalls, not one that is new."""
        now = time.monotonic()
        costs = {
            body: size * (now - began)
            for body, (size, began) in self._held.items()
            if not body.is_complete
        }
        if not costs:
            return False
        dearest = max(costs, key=costs.__getitem__)
        self.release(dearest)
        with suppress(OSError):
            dearest.hang_up()
        return True

    def _wait(self) -> None:
        self._freed.clear()
        if not self._freed.wait(PATIENCE):
            raise Busy


limits = BodyLimits()
