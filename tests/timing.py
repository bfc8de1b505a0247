"""Limits of time: a busy machine gets another try, never a wider limit.

    for attempt in tries():
        learner = Learner(app)  # what each try needs anew
        with attempt.under(0.2, thread_time):
            learner.save()

Measure what our own code computes in this process by `thread_time`: `process_time` counts other threads, too.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Try:
    """One try, and by how much it was too slow."""

    def __init__(self) -> None:
        self.slow: list[str] = []

    @contextmanager
    def under(self, limit: float, clock: Callable[[], float] = time.perf_counter) -> Iterator[None]:
        """Measure the block, in seconds by the clock."""
        began = clock()
        yield
        self.check(clock() - began, limit)

    def check(self, seconds: float, limit: float) -> None:
        """Compare what was measured elsewhere, such as a response's `elapsed`."""
        if seconds >= limit:
            self.slow.append(f"took {seconds:.3f} s; the limit is {limit:.3f} s")


def tries(most: int = 3) -> Iterator[Try]:
    """Yield tries until one of them keeps all its limits; fail if none does."""
    for _ in range(most):
        attempt = Try()
        yield attempt
        if not attempt.slow:
            return
    raise AssertionError("; ".join(attempt.slow))


def wait_until(holds: Callable[[], bool], most: float = 20) -> None:
    """Wait until it holds; fail after so many seconds."""
    until = time.perf_counter() + most
    while not holds():
        assert time.perf_counter() < until, f"still waiting after {most} s"
        time.sleep(0.01)
