"""When the queue may send again."""

import random
from dataclasses import dataclass

from vorex_sessions_client.clock import Clock, Mark


@dataclass(frozen=True)
class PauseOptions:
    """Lengths of pauses, in seconds."""

    # After a failure; it doubles with each further failure.
    first: float = 1.0
    longest: float = 300.0
    # After a request that was refused as a whole.
    refused: float = 60.0
    longest_refused: float = 3600.0


class Pauses:
    """Counts failures and keeps the pause after the last."""

    def __init__(self, clock: Clock, options: PauseOptions) -> None:
        self._clock, self._options = clock, options
        self._failures = 0
        self._pause: tuple[Mark, float] | None = None

    def remaining(self) -> float | None:
        """Return the seconds until the next request, 0 where the pause is over; None if there is none."""
        if self._pause is None:
            return None
        start, seconds = self._pause
        return max(0.0, seconds - self._clock.since(start))

    def end(self) -> None:
        """Allow the next request at once."""
        self._pause = None

    def succeeded(self) -> None:
        """Forget the failures."""
        self._failures, self._pause = 0, None

    def failed(self, retry_after: float | None) -> None:
        """Pause after a failure; never shorter than the service asks for."""
        self._set(self._options.first, self._options.longest, retry_after or 0.0)

    def refused(self) -> None:
        """Pause after a refusal, which only the app or its developer can cure."""
        self._set(self._options.refused, self._options.longest_refused, 0.0)

    def _set(self, first: float, longest: float, asked: float) -> None:
        # Half of each pause is random, so that many devices do not come back in the same second.
        half = random.random() / 2  # noqa: S311  # not a secret
        full = min(longest, first * 2 ** min(self._failures, 20))
        self._failures += 1
        self._pause = self._clock.mark(), max(full * (0.5 + half), asked * (1 + half / 5))
