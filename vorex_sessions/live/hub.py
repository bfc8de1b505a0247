"""Tells the sockets of a learner what has changed, whichever worker has them.

Other processes are told after the transaction of the change (outgoing.py), and heard (watching.py).
"""

import logging
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import gevent
import orjson
from gevent.event import Event

from vorex_sessions.flask_config import extension
from vorex_sessions.hooks.projections import AnswerExtras
from vorex_sessions.live import service, websockets
from vorex_sessions.live.conversations import Conversation
from vorex_sessions.live.outgoing import ERASED, UNLOCKED, Note, Outgoing
from vorex_sessions.live.relays import Relay
from vorex_sessions.live.watching import Watch

log = logging.getLogger(__name__)

_UNLOCKED = "achievements_unlocked"  # what a save's answer tells
NAME = "vorex-live-hub"  # under which the app has it
MOST_OF_LEARNER = 3  # sockets in a worker; beyond, the oldest makes room
_AGAIN_AFTER = 1.0  # seconds after the database was away


class Hub:
    """The sockets of this process."""

    def __init__(
        self, app_context: Callable[[], AbstractContextManager[Any]], relay: Relay | None
    ) -> None:
        self._app_context = app_context
        own = uuid4().hex[:12]  # what this process tells, it need not hear
        self._outgoing = Outgoing(relay, own, app_context)
        self._watch = Watch(relay, own, app_context, self)
        self._sockets: dict[str, list[Conversation]] = {}
        self._dirty: dict[str, set[Conversation]] = {}  # learners; sockets that know already
        self._delivering: str | None = None
        self._wake = Event()
        self._is_delivering = False

    @property
    def learner_ids(self) -> Collection[str]:
        """Whose sockets are open here."""
        return self._sockets.keys()

    def join(self, learner_id: str, one: Conversation) -> None:
        """Let a socket hear of its learner; the oldest of too many is closed."""
        one.joined_at = time.time()
        mine = self._sockets.setdefault(learner_id, [])
        mine.append(one)
        for oldest in mine[:-MOST_OF_LEARNER]:
            oldest.end(websockets.REPLACED, "The learner has opened more sockets since.")
        self._watch.shown(learner_id)
        self._watch.start()
        if not self._is_delivering:
            self._is_delivering = True
            gevent.spawn(self._deliver_forever)

    def leave(self, learner_id: str, one: Conversation) -> None:
        """Forget a socket."""
        mine = self._sockets.get(learner_id, [])
        if one in mine:
            mine.remove(one)
        if not mine:
            self._sockets.pop(learner_id, None)

    def changed(
        self,
        learner_id: str,
        *,
        unlocked: Iterable[Any] = (),
        knows: Conversation | None = None,
    ) -> None:
        """Tell the learner's sockets, here and in other processes, but for one that knows already."""
        note = {UNLOCKED: list(unlocked)} if unlocked else {}
        self._watch.shown(learner_id)
        self.tell(learner_id, note, knows)
        self._outgoing.add(learner_id, note)

    def erased(self, learner_id: str) -> None:
        """Close the learner's sockets, here and in other processes."""
        note = {ERASED: time.time()}
        self.tell(learner_id, note)
        self._outgoing.add(learner_id, note)

    def close_before(self, learner_id: str, erased_at: float) -> None:
        """Close the learner's sockets here that are older than an erasure."""
        for one in list(self._sockets.get(learner_id, ())):
            if one.joined_at <= erased_at:
                one.end(websockets.ERASED, "The learner's data was erased.")

    def tell(self, learner_id: str, note: Note, knows: Conversation | None = None) -> None:
        """Tell the learner's sockets here."""
        if ERASED in note:
            self.close_before(learner_id, note[ERASED])
        mine = self._sockets.get(learner_id, ())
        if unlocked := note.get(UNLOCKED):
            message = _text("unlocked", {"achievements": unlocked})
            for one in list(mine):
                if one is not knows:
                    one.put(message)
        # Who has to hear of an earlier change, or may get a state from before this one, hears of it, too.
        is_alone = learner_id not in self._dirty and self._delivering != learner_id
        known = {knows} if knows and is_alone else set()
        if any(one not in known for one in mine):
            self._dirty[learner_id] = self._dirty.get(learner_id, known) & known
            self._wake.set()

    def _deliver_forever(self) -> None:
        """Read the state of each learner of whom something changed, one after the other, and send it."""
        while True:
            self._wake.wait()
            self._wake.clear()
            while self._dirty:
                self._delivering = next(iter(self._dirty))
                know = self._dirty.pop(self._delivering)
                try:
                    self._deliver(self._delivering, know)
                except Exception as error:
                    log.warning("no state is sent: %s", type(error).__name__)
                    self._dirty.setdefault(self._delivering, set())
                    gevent.sleep(_AGAIN_AFTER)
                self._delivering = None

    def _deliver(self, learner_id: str, know: set[Conversation]) -> None:
        with self._app_context():
            shown = service.show_all(learner_id, now=datetime.now(UTC))
        message = _text("state", shown)
        for one in list(self._sockets.get(learner_id, ())):
            if one not in know:
                one.put(message)


def current() -> Hub:
    """The hub of the current app."""
    hub: Hub = extension(NAME)
    return hub


def after_save(learner_id: str, extras: AnswerExtras) -> None:
    """Tell the learner's sockets of a save that has ended live sessions."""
    unlocked = [one for members in extras.values() for one in members.get(_UNLOCKED, ())]
    current().changed(learner_id, unlocked=unlocked)


def after_erasure(learner_id: str) -> None:
    """Close the sockets of a learner whose data was erased."""
    current().erased(learner_id)


def _text(kind: str, members: Mapping[str, Any]) -> str:
    return orjson.dumps({"type": kind, **members}).decode()
