"""Long computations let other requests have their turn.

A worker serves all its requests in one thread: what computes without a pause holds up everybody. A loop over
items that a client sent or stored calls `checkpoint()` once for each, and gives way after TURN seconds.
Others then run in between, so nothing that they may change is half written at that point.
"""

from collections.abc import Collection, Iterable, Iterator
from time import perf_counter
from typing import Any, TypeVar

from gevent import getcurrent, monkey

from server.turn import give_way

T = TypeVar("T")
TURN = 0.005  # seconds; to give way costs some 15 µs
FEW = 500  # quick items, in less than a tenth of a turn

_ENABLED = monkey.is_module_patched("socket")  # in gunicorn's workers; not in commands and tests
_running: Any = None  # the greenlet that called last
_since = 0.0


def checkpoint() -> None:
    """Give way to other requests if this one has computed for a turn; under gunicorn only."""
    global _running, _since
    if not _ENABLED:
        return
    now, current = perf_counter(), getcurrent()
    if current is not _running:
        _running, _since = current, now
    elif now - _since > TURN:
        give_way()
        _running, _since = current, perf_counter()


def in_turns_if_many(items: Collection[T]) -> Iterable[T]:
    """The items, in turns where there are many; each of them is quick, so that a few need no checkpoint."""
    return items if len(items) < FEW else in_turns(items)


def in_turns(items: Iterable[T]) -> Iterator[T]:
    """The items, with a checkpoint before each that may come after a turn."""
    for item in items:
        if perf_counter() - _since > TURN:  # cheaper than a checkpoint for each of thousands
            checkpoint()
        yield item
