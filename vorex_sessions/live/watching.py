"""Hears what other processes tell; where nobody can be heard, looks for changes every 2 s instead.

After each interruption it looks once: what was told meanwhile is missed.
"""

import logging
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager, closing
from typing import Any, Protocol

import gevent
import orjson

from vorex_sessions.database import run
from vorex_sessions.live import store
from vorex_sessions.live.outgoing import Note
from vorex_sessions.live.relays import Ear, Relay

log = logging.getLogger(__name__)

_LOOK_EVERY = 2.0  # seconds
_AGAIN_AFTER = 1.0  # seconds after the connection was lost
_WAIT = 30.0  # seconds for which to wait for a payload
_NEEDED_FOR = 30.0  # seconds after the last socket; then the connection is given back


class Watched(Protocol):
    """The sockets of a worker, by learner (hub.py)."""

    @property
    def learner_ids(self) -> Collection[str]:
        """Whose sockets are open."""

    def tell(self, learner_id: str, note: Note) -> None:
        """Tell the learner's sockets of a change."""

    def close_before(self, learner_id: str, erased_at: float) -> None:
        """Close the sockets from before an erasure."""


class Missed(Exception):
    """Others could not tell all that has changed."""


class Watch:
    """Watches for changes while there are sockets."""

    def __init__(
        self,
        relay: Relay | None,
        own: str,
        app_context: Callable[[], AbstractContextManager[Any]],
        watched: Watched,
    ) -> None:
        self._relay, self._own = relay, own
        self._app_context, self._watched = app_context, watched
        self._runs = False
        self._hears = False
        # Learners whose sockets were told something since the last look.
        self._shown: set[str] = set()
        self._needed_at = 0.0

    def shown(self, learner_id: str) -> None:
        """Tell at the next look, too: what sockets were told may be over by then, and all as before."""
        if not self._hears and learner_id in self._watched.learner_ids:
            self._shown.add(learner_id)

    def start(self) -> None:
        """Watch, since there is a socket."""
        self._needed_at = time.monotonic()
        if not self._runs:
            self._runs = True
            gevent.spawn(self._run)

    def _run(self) -> None:
        before: Mapping[str, str] = {}
        while self._is_needed():
            ear = self._listen()
            before = self._look(before)  # after the ear is there, so that nothing falls in between
            if ear is None:
                gevent.sleep(_LOOK_EVERY)
            else:
                self._hears = True
                self._hear(ear)
                self._hears, before = False, {}
        self._runs = False

    def _is_needed(self) -> bool:
        if self._watched.learner_ids:
            self._needed_at = time.monotonic()
        return time.monotonic() - self._needed_at < _NEEDED_FOR

    def _listen(self) -> Ear | None:
        if self._relay is None:
            return None
        try:
            with self._app_context():
                return self._relay.listen()
        except Exception as error:
            log.warning("other workers are not heard: %s", type(error).__name__)
            return None

    def _hear(self, ear: Ear) -> None:
        """Hear until nobody needs it, or until the connection is lost."""
        try:
            with closing(ear):
                while self._is_needed():
                    for payload in ear.wait(_WAIT):
                        self._tell(payload)
        except Missed:
            log.warning("other workers could not tell all that has changed: looking for it")
        except Exception as error:
            log.warning("the connection that hears other workers is lost: %s", type(error).__name__)
            gevent.sleep(_AGAIN_AFTER)

    def _tell(self, payload: str) -> None:
        sender, entries = orjson.loads(payload)
        if sender != self._own:
            if entries is None:
                raise Missed
            for learner_id, note in entries:
                self._watched.tell(learner_id, note)

    def _look(self, before: Mapping[str, str]) -> Mapping[str, str]:
        """Tell of what is not as it was before; who was not there before may have missed something."""
        learner_ids = list(self._watched.learner_ids)
        shown, self._shown = self._shown, set()
        try:
            with self._app_context():
                rows = run(store.STATES, {"learners": learner_ids}) if learner_ids else ()
        except Exception as error:
            log.warning("changes are not looked for: %s", type(error).__name__)
            self._shown |= shown
            return before
        now = {str(row.learner): row.state or "" for row in rows}
        for row in rows:
            learner_id = str(row.learner)
            if row.erased_at:
                self._watched.close_before(learner_id, row.erased_at.timestamp())
            if learner_id in shown or before.get(learner_id) != now[learner_id]:
                self._watched.tell(learner_id, {})
        return now
