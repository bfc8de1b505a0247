"""Bounds the memory that a worker spends on request bodies, whoever sends them.

118 stalled bodies of 4 MiB took a worker from 70 to 563 MB.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

from gevent.event import Event
from gevent.lock import BoundedSemaphore

MOST_HELD = 32 * 1024 * 1024  # bytes of all bodies
SMALL = 16 * 1024  # bytes; a body up to this size never waits for room
LARGE = 256 * 1024  # bytes; a larger body becomes objects of many times its size
LARGE_AT_ONCE = 2
STALLED = 2  # seconds without a byte; where there is no room, such a body is given up
PATIENCE = 15  # seconds that a body waits for room, or for its turn


class Busy(Exception):
    """There are too many large requests at once."""


class Body(Protocol):
    """What is limited."""

    taken: int
    is_complete: bool

    def hang_up(self) -> None:
        """End the connection."""


@dataclass
class _Held:
    size: int  # bytes
    began: float
    latest: float  # when the latest byte came
    waits: bool = False  # for room: it does not stall, since nothing is read of it


class BodyLimits:
    """The bodies that a worker holds, from their first byte until their answer is made."""

    def __init__(self) -> None:
        self._held: dict[Any, _Held] = {}
        self._total = 0
        self._freed = Event()
        self._turns = BoundedSemaphore(LARGE_AT_ONCE)
        self._with_turn: set[Any] = set()
        self.on_give_up: Callable[[], None] = lambda: None

    def begin(self, body: Body) -> None:
        """Know a body before its first byte."""
        now = time.monotonic()
        self._held.setdefault(body, _Held(0, now, now))

    def grow(self, body: Body, size: int) -> None:
        """Count bytes that were read; returns when there is room for them. Raises Busy."""
        self.begin(body)
        held = self._held[body]
        held.size += size
        held.latest = time.monotonic()
        self._total += size
        self._wait_for_room(body)
        if body.is_complete and body.taken > LARGE and body not in self._with_turn:
            if not self._turns.acquire(timeout=PATIENCE):
                raise Busy
            self._with_turn.add(body)

    def release(self, body: Body) -> None:
        """Forget a body; to repeat it is no error."""
        held = self._held.pop(body, None)
        self._total -= held.size if held else 0
        self._freed.set()
        if body in self._with_turn:
            self._with_turn.remove(body)
            self._turns.release()

    def hang_up_stalled(self) -> None:
        """Give up all bodies that stall or wait for room, for the shutdown."""
        waiting = [one for one, held in self._held.items() if held.waits]
        for body in (*self._stalled(), *waiting):
            self._give_up(body)

    def _wait_for_room(self, body: Body) -> None:
        began = time.monotonic()
        held = self._held[body]
        while self._total > MOST_HELD and body in self._held:
            # Their number is limited, and a turn that waited for those without one would last for ever.
            if body.taken <= SMALL or body in self._with_turn:
                return
            waited = time.monotonic() - began
            if dearest := max(self._to_give_up(body, waited), key=self._cost, default=None):
                self._give_up(dearest)
            elif waited > PATIENCE:
                raise Busy
            else:
                held.waits = True
                self._freed.clear()
                self._freed.wait(0.2)
        if body not in self._held:  # another one's need was greater
            raise Busy
        held.waits, held.latest = False, time.monotonic()

    def _to_give_up(self, body: Body, waited: float) -> list[Body]:
        """What may make room: bodies that stall; after a while all, unless one is worked on."""
        if stalled := self._stalled():
            return stalled
        if waited < STALLED or any(one.is_complete for one in self._held):
            return []
        return [one for one in self._held if one is not body]

    def _stalled(self) -> list[Body]:
        """The bodies on their way that could come, and have not for STALLED seconds."""
        now = time.monotonic()
        return [
            body
            for body, held in self._held.items()
            if not (body.is_complete or held.waits) and now - held.latest >= STALLED
        ]

    def _cost(self, body: Body) -> float:
        held = self._held[body]
        return held.size * (time.monotonic() - held.began)

    def _give_up(self, body: Body) -> None:
        waits = self._held[body].waits
        self.release(body)
        self.on_give_up()
        if not waits:  # who waits for room hears that it is Busy
            with suppress(OSError):
                body.hang_up()


limits = BodyLimits()
