"""How many sessions go into one request."""

import json
from collections.abc import Sequence

from vorex_sessions_client.entries import Entry

_MOST = 100  # the service takes no more
_MOST_BYTES = 512 * 1024  # a slow connection gets this through within the time limit


class BatchSize:
    """Adapts to what passes."""

    def __init__(self) -> None:
        self._most = _MOST
        self._most_bytes = _MOST_BYTES

    def next(self, entries: Sequence[Entry]) -> list[Entry]:
        """Return the first of these entries, as many as fit; at least one."""
        count, size = 1, _bytes(entries[:1])
        while count < min(self._most, len(entries)):
            size += _bytes(entries[count : count + 1])
            if size > self._most_bytes:
                break
            count += 1
        return list(entries[:count])

    def too_large(self, batch: Sequence[Entry]) -> None:
        """This was too large: the next one is half of it, and none reaches its size again."""
        self._most_bytes = min(self._most_bytes, _bytes(batch) - 1)
        self.failed(batch)

    def failed(self, batch: Sequence[Entry]) -> None:
        """A smaller one may pass on a slow connection, or without the session that breaks the service."""
        self._most = min(_MOST, max(1, len(batch) // 2))

    def succeeded(self) -> None:
        """Allow more again."""
        self._most = min(_MOST, self._most * 2)


def _bytes(entries: Sequence[Entry]) -> int:
    return sum(len(json.dumps(entry.session)) + 2 for entry in entries)
