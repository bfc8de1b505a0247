"""The order of what one socket says, when changes are told while a message is answered."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast
from uuid import uuid4

import gevent.socket
import pytest
from flask import Flask
from wsproto.connection import Connection, ConnectionType
from wsproto.events import TextMessage

from tests.factories import Learner, content, token
from tests.live.practising import heartbeat, new_id
from vorex_sessions.live import service
from vorex_sessions.live.conversations import Conversation
from vorex_sessions.live.hub import Hub
from vorex_sessions.live.websockets import WebSocket

TOLD = json.dumps({"type": "state", "sessions": [], "interval": 20})


class Telling:
    """Sockets of a learner of whom something changes whenever one of them is answered."""

    def __init__(self) -> None:
        self.known: list[bool] = []  # of each change, whether the socket needs not hear of it

    def join(self, learner_id: str, one: Conversation) -> None:
        self.one = one
        one.put(TOLD)

    def leave(self, learner_id: str, one: Conversation) -> None:
        pass

    def changed(self, learner_id: str, *, knows: Conversation | None = None) -> None:
        self.known.append(knows is self.one)
        self.one.put(TOLD)


class Device:
    """The other end of a socket."""

    def __init__(self, connection: Any) -> None:
        self._connection, self._frames = connection, Connection(ConnectionType.CLIENT)

    def say(self, kind: str, **members: Any) -> None:
        text = json.dumps({"type": kind, **members})
        self._connection.sendall(self._frames.send(TextMessage(data=text)))

    def hears(self, *kinds: str) -> None:
        """Fails unless these come next, in this order."""
        heard: list[str] = []
        while len(heard) < len(kinds):
            self._frames.receive_data(self._connection.recv(65_536))
            texts = [one.data for one in self._frames.events() if isinstance(one, TextMessage)]
            heard += [json.loads(text)["type"] for text in texts]
        assert heard == list(kinds)


@contextmanager
def talking(app: Flask, learner_id: str, telling: Telling) -> Iterator[Device]:
    """A device whose handshake is done."""
    ours, theirs = gevent.socket.socketpair()
    with ours, theirs:
        theirs.settimeout(10)
        talk = Conversation(WebSocket(ours), telling, app.app_context, str(uuid4()))
        running = gevent.spawn(talk.run, "key", token(learner_id))
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += theirs.recv(1)
        yield Device(theirs)
        theirs.close()
        running.join(10)
        assert running.successful()


def test_ready_comes_before_what_changes_while_it_is_read(app: Flask, learner: Learner) -> None:
    """Else an older answer would hide a newer state for good."""
    session_id = new_id()
    with talking(app, learner.id, Telling()) as device:
        device.hears("ready", "state")
        device.say("heartbeat", session_result_id=session_id, **heartbeat(1))
        device.hears("state", "ack")
        device.say("heartbeat", session_result_id=session_id, **heartbeat(2))
        device.say("ping")
        device.hears("state", "ack", "pong")
        device.say("auth", token=token(learner.id))
        device.hears("ready")
        device.say("finish", session=content(session_result_id=session_id))
        device.hears("saved")
    assert learner.count() == 1


def test_who_was_told_a_state_while_a_change_was_stored_is_told_again(
    app: Flask, learner: Learner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That state may be older than the answer, or newer; in the end the device has the newest."""
    telling, session_id = Telling(), new_id()
    is_late = False

    def beat(*given: Any, **options: Any) -> Any:
        if is_late:
            telling.one.put(TOLD)
        return beat_before(*given, **options)

    beat_before = service.beat
    monkeypatch.setattr(service, "beat", beat)
    with talking(app, learner.id, telling) as device:
        device.hears("ready", "state")
        device.say("heartbeat", session_result_id=session_id, **heartbeat(1))
        device.hears("state", "ack")
        is_late = True
        device.say("heartbeat", session_result_id=session_id, **heartbeat(2))
        device.hears("state", "state", "ack")
    assert telling.known == [True, False]


@pytest.mark.parametrize("is_being_read", [True, False])
def test_a_socket_that_is_alone_hears_of_its_own_change_where_a_state_is_on_its_way(
    app: Flask, is_being_read: bool
) -> None:
    """Nobody else has to hear of it, but that state may be from before the change."""
    hub, learner_id, one = Hub(app.app_context, None), str(uuid4()), cast("Conversation", object())
    hub._sockets[learner_id] = [one]
    hub.changed(learner_id, knows=one)
    assert not hub._dirty
    if is_being_read:
        hub._delivering = learner_id
    else:
        hub.tell(learner_id, {})
    hub.changed(learner_id, knows=one)
    assert hub._dirty == {learner_id: set()}
