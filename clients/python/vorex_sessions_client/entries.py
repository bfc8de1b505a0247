"""The queue's entries in the storage: a text each, so that processes do not overwrite each other."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from vorex_sessions_client.events import Event, StorageFailed, Unreadable
from vorex_sessions_client.problems import Problem, parsed
from vorex_sessions_client.storage import Storage


@dataclass(frozen=True)
class Entry:
    """A session of the queue; it always has its id."""

    session: dict[str, Any]
    # When it was added, by the device's clock in seconds: the order of sending.
    added: float
    # Which members were corrected; each is corrected once.
    corrected: tuple[str, ...] = ()
    # Why it was set aside: it is kept, and not sent again.
    problem: Problem | None = None

    @property
    def id(self) -> str:
        """Return the session's id."""
        return str(self.session["session_result_id"])

    def with_time(self, completed_at: str) -> "Entry":
        """Return the entry with another time."""
        return replace(self, session={**self.session, "completed_at": completed_at})


def prefix_of(learner: str) -> str:
    """Return under what a storage has what waits of a learner."""
    return f"vorex-sessions/{learner}/"


class Unknown(Exception):
    """The storage cannot say."""


class Entries:
    """The entries of one learner's queue."""

    def __init__(self, storage: Storage, prefix: str, tell: Callable[[Event], None]) -> None:
        self._storage, self._prefix, self._tell = storage, prefix, tell
        # What the storage has refused so far; written again at every occasion.
        self._unwritten: dict[str, Entry] = {}
        # What the storage could not yet remove.
        self._unremoved: set[str] = set()
        self._reported: set[str] = set()

    def put(self, entry: Entry) -> bool:
        """Add or replace an entry. Return whether the storage has it; if not, it is kept in memory."""
        text = json.dumps(
            {
                "session": entry.session,
                "added": entry.added,
                "corrected": entry.corrected,
                "problem": entry.problem,
            },
            allow_nan=False,
        )
        self._unremoved.discard(entry.id)  # it is another entry now
        try:
            self._storage.set(self._prefix + entry.id, text)
        except Exception as error:
            self._unwritten[entry.id] = entry
            self._tell(StorageFailed("write", error))
            return False
        self._unwritten.pop(entry.id, None)
        return True

    def remove(self, id: str) -> None:
        """Remove an entry."""
        self._unwritten.pop(id, None)
        try:
            self._storage.remove(self._prefix + id)
        except Exception as error:
            self._unremoved.add(id)
            self._tell(StorageFailed("remove", error))
        else:
            self._unremoved.discard(id)

    def find(self, id: str) -> Entry | None:
        """Return an entry; None if there is none. Raises Unknown."""
        if id in self._unwritten:
            return self._unwritten[id]
        if id in self._unremoved:
            return None
        try:
            text = self._storage.get(self._prefix + id)
        except Exception as error:
            self._tell(StorageFailed("read", error))
            raise Unknown from error
        return None if text is None else self._read(self._prefix + id, text)

    def retry(self) -> None:
        """Do what the storage has refused once more."""
        # The program may add and forget entries in the meantime.
        for id in list(self._unremoved):
            if id in self._unremoved:
                self.remove(id)
        for id, entry in list(self._unwritten.items()):
            if self._unwritten.get(id) is entry:
                self.put(entry)

    def all(self) -> list[Entry]:
        """Return all entries, oldest first, those in memory included."""
        found: dict[str, Entry] = {}
        for id in self._ids():
            try:
                entry = self.find(id)
            except Unknown:
                continue
            if entry:
                found[id] = entry
        return sorted([*(found | self._unwritten).values()], key=lambda entry: entry.added)

    def _ids(self) -> list[str]:
        try:
            keys = self._storage.keys()
        except Exception as error:
            self._tell(StorageFailed("list", error))
            return []
        return [key.removeprefix(self._prefix) for key in keys if key.startswith(self._prefix)]

    def _read(self, key: str, text: str) -> Entry | None:
        """Return the entry of a text. One that is none stays where it is, and is reported once."""
        if entry := _entry(parsed(text)):
            if self._prefix + entry.id == key:
                return entry
        if key not in self._reported:
            self._tell(Unreadable(key, text))
        self._reported.add(key)
        return None


def _entry(value: Any) -> Entry | None:
    try:
        session, added = dict(value["session"]), float(value["added"])
        entry = Entry(session, added, tuple(value["corrected"]), value["problem"])
        return entry if entry.id else None
    except (TypeError, KeyError, ValueError):
        return None
