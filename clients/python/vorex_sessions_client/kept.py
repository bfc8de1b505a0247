"""The newest heartbeat of each live session, kept until the session ends: it survives the program."""

import json
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import quote

from vorex_sessions_client.events import LiveEvent, StorageFailed
from vorex_sessions_client.problems import parsed
from vorex_sessions_client.storage import Storage

T = TypeVar("T")


class KeptHeartbeats:
    """The heartbeats that a device has kept of a learner. What the storage refuses is told, not raised."""

    def __init__(
        self,
        storage: Storage,
        learner: str,
        tell: Callable[[LiveEvent], None] = lambda event: None,
    ) -> None:
        self._storage, self._tell = storage, tell
        self._prefix = f"vorex-sessions-live/{quote(learner, safe='')}/"

    def put(self, id: str, beat: dict[str, Any]) -> None:
        """Keep a heartbeat in place of the one before."""
        text = json.dumps({**beat, "session_result_id": id}, allow_nan=False)
        self._attempt("write", lambda: self._storage.set(self._prefix + id, text))

    def remove(self, id: str) -> None:
        """Forget a session that has ended."""
        self._attempt("remove", lambda: self._storage.remove(self._prefix + id))

    def all(self) -> list[dict[str, Any]]:
        """Return all heartbeats that are kept, each with its `session_result_id`."""
        keys = self._attempt("list", self._storage.keys) or []
        read = [(key, self._read(key)) for key in keys if key.startswith(self._prefix)]
        return [
            beat
            for key, beat in read
            if isinstance(beat, dict) and self._prefix + str(beat.get("session_result_id")) == key
        ]

    def _read(self, key: str) -> Any:
        text = self._attempt("read", lambda: self._storage.get(key) or "")
        return parsed(text or "")

    def _attempt(self, operation: str, work: Callable[[], T]) -> T | None:
        try:
            return work()
        except Exception as error:
            self._tell(StorageFailed(operation, error))
            return None
