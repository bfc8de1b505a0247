"""What other processes are told, gathered and sent at most ten times a second.

Nobody waits for it but a command, which may end before any later moment.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any

import gevent
import orjson
from gevent import monkey

from vorex_sessions.live.relays import Relay

log = logging.getLogger(__name__)

_EVERY = 0.1  # seconds
_AGAIN_AFTER = 1.0  # seconds after it has failed
_MOST_KEPT = (
    1000  # learners of whom others could not be told; beyond, all are told to look (watching.py)
)
_AROUND = 100  # bytes around the notes of a payload
Note = dict[str, Any]  # what sockets of a learner are sent with a change
UNLOCKED = "unlocked"  # achievements
ERASED = "erased"  # the time, in seconds since 1970, before which sockets opened that are to close


class Outgoing:
    """What is still to be told, by learner."""

    def __init__(
        self, relay: Relay | None, own: str, app_context: Callable[[], AbstractContextManager[Any]]
    ) -> None:
        self._relay, self._own, self._app_context = relay, own, app_context
        self._notes: dict[str, Note] = {}
        self._has_dropped = False  # so that others have to look themselves
        self._is_sending = False

    def add(self, learner_id: str, note: Note) -> None:
        """Let other processes know."""
        if self._relay is None:
            return
        self._merge(learner_id, note)
        if not monkey.is_module_patched("socket"):  # a command
            self._send(self._relay)
        elif not self._is_sending:
            self._is_sending = True
            gevent.spawn(self._send_all, self._relay)

    def _merge(self, learner_id: str, note: Note) -> None:
        kept = self._notes.setdefault(learner_id, {})
        if ERASED in note:
            kept[ERASED] = note[ERASED]
        if UNLOCKED in note:
            kept[UNLOCKED] = [*kept.get(UNLOCKED, ()), *note[UNLOCKED]]

    def _send_all(self, relay: Relay) -> None:
        """One after the other, so that they arrive in order."""
        while self._notes or self._has_dropped:
            # The first at once: what waits when the worker ends, nobody is told.
            if not self._send(relay):
                gevent.sleep(_AGAIN_AFTER)
            gevent.sleep(_EVERY)
        self._is_sending = False

    def _send(self, relay: Relay) -> bool:
        notes, self._notes = self._notes, {}
        first = [look(self._own)] if self._has_dropped else []
        try:
            with self._app_context():
                relay.tell([*first, *payloads(self._own, notes, relay.longest)])
        except Exception as error:
            log.warning("other workers are not told: %s", type(error).__name__)
            self._keep(notes)
            return False
        self._has_dropped = False
        return True

    def _keep(self, notes: dict[str, Note]) -> None:
        if len(notes) > _MOST_KEPT:
            self._has_dropped = True
            return
        newer, self._notes = self._notes, notes
        for learner_id, note in newer.items():
            self._merge(learner_id, note)


def look(own: str) -> str:
    """The payload that says: look yourself."""
    return f'["{own}",null]'


def payloads(own: str, notes: Mapping[str, Note], longest: int) -> Iterator[str]:
    """The notes in as few payloads as fit, in order; each says which process it comes from."""
    part: list[bytes] = []
    size = _AROUND
    for learner_id, note in notes.items():
        for piece in _pieces(note, longest // 2):
            entry = orjson.dumps([learner_id, piece])
            if size + len(entry) > longest:
                yield _payload(own, part)
                part, size = [], _AROUND
            part.append(entry)
            size += len(entry) + 1
    if part:
        yield _payload(own, part)


def _payload(own: str, entries: list[bytes]) -> str:
    return f'["{own}",[{b",".join(entries).decode()}]]'


def _pieces(note: Note, longest: int) -> Iterator[Note]:
    """The note in parts that fit. An achievement that fits into none is left out; there is none so long."""
    rest = {name: value for name, value in note.items() if name != UNLOCKED}
    achievements: list[Any] = []
    size = 0
    for achievement in note.get(UNLOCKED, ()):
        length = len(orjson.dumps(achievement)) + 1
        if length > longest - _AROUND:
            continue
        if size + length > longest - _AROUND:
            yield {UNLOCKED: achievements}
            achievements, size = [], 0
        achievements = [*achievements, achievement]
        size += length
    yield {**rest, UNLOCKED: achievements} if achievements else rest
