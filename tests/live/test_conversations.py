"""The order of what one socket says, when changes are told while a message is answered."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import gevent.socket
from flask import Flask
from wsproto.connection import Connection, ConnectionType
from wsproto.events import TextMessage

from tests.factories import Learner, content, token
from tests.live.practising import heartbeat, new_id
from vorex_sessions.live.conversations import Conversation
from vorex_sessions.live.websockets import WebSocket

TOLD = json.dumps({"type": "state", "sessions": [], "interval": 20})


class Telling:
    """Sockets of a learner of whom something changes whenever one of them is answered."""

    def join(self, learner_id: str, one: Conversation) -> None:
        self.one = one
        one.put(TOLD)

    def leave(self, learner_id: str, one: Conversation) -> None:
        pass

    def changed(self, learner_id: str, *, knows: Conversation | None = None) -> None:
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
def talking(app: Flask, learner_id: str) -> Iterator[Device]:
    """A device whose handshake is done."""
    ours, theirs = gevent.socket.socketpair()
    with ours, theirs:
        theirs.settimeout(10)
        talk = Conversation(WebSocket(ours), Telling(), app.app_context, str(uuid4()))
        running = gevent.spawn(talk.run, "key", token(learner_id))
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += theirs.recv(1)
        yield Device(theirs)
        theirs.close()
        running.join(10)
        assert running.successful()


def test_what_changes_while_a_message_is_answered_is_told_after_the_answer(
    app: Flask, learner: Learner
) -> None:
    """Else an older answer would hide a newer state for good."""
    session_id = new_id()
    with talking(app, learner.id) as device:
        device.hears("ready", "state")
        device.say("heartbeat", session_result_id=session_id, **heartbeat(1))
        device.hears("ack", "state")
        device.say("heartbeat", session_result_id=session_id, **heartbeat(2))
        device.say("ping")
        device.hears("ack", "state", "pong")
        device.say("auth", token=token(learner.id))
        device.hears("ready")
        device.say("finish", session=content(session_result_id=session_id))
        device.hears("saved")
    assert learner.count() == 1
