"""What becomes of each entry of a batch that was answered."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from vorex_sessions_client.clock import Clock
from vorex_sessions_client.corrections import corrected
from vorex_sessions_client.entries import Entries, Entry, Unknown
from vorex_sessions_client.events import Corrected, Event, Removed, SetAside, Stored
from vorex_sessions_client.problems import Problem
from vorex_sessions_client.sending import is_final


class Settling:
    """Does what an answer says of each entry."""

    def __init__(self, entries: Entries, clock: Clock, tell: Callable[[Event], None]) -> None:
        self._entries, self._clock, self._tell = entries, clock, tell

    def settle(
        self, batch: Sequence[Entry], items: Sequence[Any]
    ) -> tuple[list[Entry], list[Entry]]:
        """Return the entries to send once more, corrected, and those without an outcome."""
        again: list[Entry] = []
        unsettled = {entry.id: entry for entry in batch}
        for item in items:
            entry = batch[item["index"]]
            problem = item.get("problem")
            is_stored = item.get("status") in ("created", "replayed")
            is_refused = item.get("status") == "rejected" and is_final(problem)
            if not is_stored and not is_refused:  # what a newer service may say, too
                continue
            unsettled.pop(entry.id, None)
            if is_stored:
                self._entries.remove(entry.id)
                self._tell(Stored(entry.id, item))
            elif self.is_current(entry):
                again += self._rejected(entry, problem)
        return again, list(unsettled.values())

    def put_aside(self, entry: Entry, problem: Problem) -> None:
        """Keep an entry for the developer."""
        self._entries.put(replace(entry, problem=problem))
        self._tell(SetAside(entry.id, problem))

    def _rejected(self, entry: Entry, problem: Problem) -> list[Entry]:
        """Correct a rejected entry and return it, or end with it."""
        if better := corrected(entry, problem, self._clock):
            self._entries.put(better)
            self._tell(Corrected(entry.id, problem))
            return [better]
        if problem.get("status") == 410:
            self._entries.remove(entry.id)
            self._tell(Removed(entry.id, problem))
        else:
            self.put_aside(entry, problem)
        return []

    def is_current(self, entry: Entry) -> bool:
        """Return whether no other process has settled or corrected the entry in the meantime."""
        try:
            stored = self._entries.find(entry.id)
        except Unknown:
            return True
        return stored is not None and stored.session == entry.session
