"""Connections that leave HTTP for a protocol of their own: how many there may be, and how they end."""

from collections.abc import Callable, Iterator
from typing import Protocol

SHARE = 0.7  # of a worker's connections, so that HTTP never starves


class Stoppable(Protocol):
    """A connection that can be told that the service stops."""

    def stop(self) -> None:
        """Let the client know, and end; returns at once."""


class Upgraded:
    """What the app returns in place of a body: `serve` then has the connection, until it returns."""

    def __init__(self, serve: Callable[[], None]) -> None:
        self.serve = serve

    def __iter__(self) -> Iterator[bytes]:
        return iter(())


class Sockets:
    """The upgraded connections of this worker."""

    def __init__(self) -> None:
        self.most = 0  # set by server/worker.py
        self._open: set[Stoppable] = set()
        self._is_stopping = False

    def __len__(self) -> int:
        return len(self._open)

    @property
    def has_room(self) -> bool:
        """Whether another one may come."""
        return len(self._open) < self.most and not self._is_stopping

    def add(self, one: Stoppable) -> None:
        """Count a connection."""
        self._open.add(one)
        if self._is_stopping:
            one.stop()

    def remove(self, one: Stoppable) -> None:
        """Forget a connection that has ended."""
        self._open.discard(one)

    def stop(self) -> None:
        """Tell all of them that the service stops, and those that come late."""
        self._is_stopping = True
        for one in list(self._open):
            one.stop()


sockets = Sockets()
