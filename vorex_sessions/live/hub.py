"""Tells the sockets of a learner what has changed, whichever worker has them.

A worker tells others at most ten times a second: by NOTIFY, outside of the transaction of the change. Behind
a transaction pooler, where nobody can LISTEN, each worker looks every 2 s instead.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import gevent
import orjson
from gevent import monkey
from gevent.event import Event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from vorex_sessions.database import run
from vorex_sessions.database.notifications import LONGEST, Listener, notify
from vorex_sessions.flask_config import extension
from vorex_sessions.hooks.projections import AnswerExtras
from vorex_sessions.live import service, store, websockets
from vorex_sessions.live.conversations import Conversation

log = logging.getLogger(__name__)

_UNLOCKED = "achievements_unlocked"  # what a save's answer tells
NAME = "vorex-live-hub"  # under which the app has it
MOST_OF_LEARNER = 3  # sockets in a worker; beyond, the oldest makes room
_PUBLISH_EVERY = 0.1  # seconds
_POLL_EVERY = 2.0
_AGAIN_AFTER = 1.0  # seconds after the database was away
_HEARTBEAT = 30.0  # seconds for which to wait for a notice
Note = dict[str, Any]  # of a learner: what other workers are told beside that something changed


class Hub:
    """The sockets of this process."""

    def __init__(
        self,
        app_context: Callable[[], AbstractContextManager[Any]],
        *,
        channel: str,
        can_listen: bool,
    ) -> None:
        self._app_context, self._channel, self._can_listen = app_context, channel, can_listen
        self._own = uuid4().hex[:12]  # what this process tells, it need not hear
        self._sockets: dict[str, list[Conversation]] = {}
        self._dirty: dict[str, set[Conversation]] = {}  # learners; sockets that know already
        self._delivering: str | None = None
        self._outgoing: dict[str, Note] = {}
        self._wake, self._publish = Event(), Event()
        self._is_gathering = self._is_publishing = False

    def join(self, learner_id: str, one: Conversation) -> None:
        """Let a socket hear of its learner; the oldest of too many is closed."""
        mine = self._sockets.setdefault(learner_id, [])
        mine.append(one)
        for oldest in mine[:-MOST_OF_LEARNER]:
            oldest.end(websockets.REPLACED, "The learner has opened more sockets since.")
        if not self._is_gathering:
            self._is_gathering = True
            gevent.spawn(self._deliver_forever)
            gevent.spawn(self._listen_forever if self._can_listen else self._poll_forever)

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
        note = {"unlocked": list(unlocked)} if unlocked else {}
        self._tell(learner_id, note, knows)
        self._send(learner_id, note)

    def erased(self, learner_id: str) -> None:
        """Close the learner's sockets, here and in other processes."""
        self._tell(learner_id, {"erased": True})
        self._send(learner_id, {"erased": True})

    def _tell(self, learner_id: str, note: Note, knows: Conversation | None = None) -> None:
        mine = self._sockets.get(learner_id, ())
        if note.get("erased"):
            for one in list(mine):
                one.end(websockets.ERASED, "The learner's data was erased.")
        if unlocked := note.get("unlocked"):
            message = _text("unlocked", {"achievements": unlocked})
            for one in list(mine):
                if one is not knows:
                    one.put(message)
        if any(one is not knows for one in mine):
            # Who has to hear of an earlier change, or may get a state from before this one, hears of it, too.
            is_alone = learner_id not in self._dirty and self._delivering != learner_id
            known = {knows} if knows and is_alone else set()
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

    def _send(self, learner_id: str, note: Note) -> None:
        """Let other processes know."""
        if not self._can_listen:
            return
        kept = self._outgoing.setdefault(learner_id, {})
        kept["unlocked"] = [*kept.get("unlocked", ()), *note.get("unlocked", ())]
        kept["erased"] = kept.get("erased", False) or note.get("erased", False)
        if not monkey.is_module_patched("socket"):  # a command: it may end before any later moment
            self._publish_all()
        elif not self._is_publishing:
            self._is_publishing = True
            gevent.spawn_later(_PUBLISH_EVERY, self._publish_later)

    def _publish_later(self) -> None:
        self._is_publishing = False
        with self._app_context():
            self._publish_all()

    def _publish_all(self) -> None:
        outgoing, self._outgoing = self._outgoing, {}
        try:
            for payload in payloads(self._own, outgoing):
                notify(self._channel, payload)
        except (DBAPIError, PoolTimeout) as error:  # the next heartbeat makes up for it
            log.warning("other workers are not told: %s", type(error).__name__)

    def _listen_forever(self) -> None:
        while True:
            try:
                with self._app_context():
                    listener = Listener(self._channel)
            except Exception as error:
                log.warning("no worker is heard: %s", type(error).__name__)
                gevent.sleep(_AGAIN_AFTER)
                continue
            try:
                for learner_id in list(self._sockets):  # something may have been missed
                    self._tell(learner_id, {})
                while True:
                    for payload in listener.wait(_HEARTBEAT):
                        self._hear(payload)
            except Exception as error:
                log.warning("the connection that listens is lost: %s", type(error).__name__)
                listener.close()
                gevent.sleep(_AGAIN_AFTER)

    def _hear(self, payload: str) -> None:
        sender, notes = orjson.loads(payload)
        if sender != self._own:
            for learner_id, note in notes.items():
                self._tell(learner_id, note)

    def _poll_forever(self) -> None:
        before: Mapping[str, str] = {}
        while True:
            gevent.sleep(_POLL_EVERY)
            try:
                now = self._states()
            except Exception as error:
                log.warning("nobody looks for changes: %s", type(error).__name__)
                continue
            for learner_id in self._sockets:
                if learner_id in before and before[learner_id] != now.get(learner_id, ""):
                    self._tell(learner_id, {})
            before = {learner_id: now.get(learner_id, "") for learner_id in self._sockets}

    def _states(self) -> Mapping[str, str]:
        with self._app_context():
            rows = run(store.STATES, {"learners": list(self._sockets)})
        return {str(row.user_id): row.state for row in rows}


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


def payloads(sender: str, notes: Mapping[str, Note]) -> Iterable[str]:
    """The notes in as few payloads as fit; what is unlocked is left out where it is too long."""
    parts: dict[int, dict[str, Note]] = defaultdict(dict)
    size, place = 0, 0
    for learner_id, note in notes.items():
        told = {name: value for name, value in note.items() if value}
        length = len(orjson.dumps({learner_id: told}))
        if length > LONGEST // 2:
            told.pop("unlocked", None)
            length = len(orjson.dumps({learner_id: told}))
        if size + length > LONGEST - 100:
            size, place = 0, place + 1
        size += length
        parts[place][learner_id] = told
    return [orjson.dumps([sender, part]).decode() for part in parts.values()]
