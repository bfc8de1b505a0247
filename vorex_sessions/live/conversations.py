"""What is said on a socket: a learner's messages, and what becomes of them."""

import logging
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any, Protocol

import orjson

from server.sockets import sockets
from vorex_sessions import metrics
from vorex_sessions.auth.caller import learner_of
from vorex_sessions.auth.pseudonyms import pseudonym
from vorex_sessions.live import service, socket_schemas, websockets
from vorex_sessions.live.websockets import Closed, WebSocket
from vorex_sessions.periods import stamp
from vorex_sessions.problems.handler import problem_of
from vorex_sessions.problems.kinds import Forbidden, NotSignedIn, QuotaExceeded
from vorex_sessions.sessions import service as sessions

log = logging.getLogger(__name__)

AUTH_WITHIN = 5  # seconds
WARN_BEFORE = 60  # seconds before the token ends
_RATE, _BURST = 2.0, 10.0  # messages a second, and how many may come at once
_IDLE = 3600.0  # seconds to wait where nothing is due
Message = dict[str, Any]


class Gathering(Protocol):
    """The sockets of a worker, by learner (hub.py)."""

    def join(self, learner_id: str, one: "Conversation") -> None:
        """Let a socket hear of its learner."""

    def leave(self, learner_id: str, one: "Conversation") -> None:
        """Forget a socket."""

    def changed(self, learner_id: str, *, knows: "Conversation | None" = None) -> None:
        """Tell the learner's other sockets, here and in other workers."""


class Conversation:
    """One socket of a learner, from the handshake to its end."""

    def __init__(
        self,
        websocket: WebSocket,
        gathering: Gathering,
        app_context: Callable[[], AbstractContextManager[Any]],
        request_id: str,
    ) -> None:
        self._websocket, self._gathering, self._app_context = websocket, gathering, app_context
        self._request_id = request_id
        self._learner_id: str | None = None
        self._expires = 0.0
        self._is_warned = False
        self._tokens, self._counted = _BURST, time.monotonic()
        self._began = time.monotonic()
        self._received = 0
        self._place = 0  # of the answer, among what waits to be sent
        self.joined_at = 0.0  # by the clock; set when its learner is known

    def put(self, text: str) -> None:
        """Send a message that may be for several sockets."""
        self._websocket.put(text)

    def end(self, code: int, reason: str) -> None:
        """Close it."""
        self._websocket.end(Closed(code, reason))

    def stop(self) -> None:
        """Close it, since the service stops."""
        self.end(websockets.RESTARTING, "The service restarts; come back at once.")

    def run(self, key: str, token: str | None) -> None:
        """Talk until it is over."""
        sockets.add(self)
        metrics.SOCKETS.inc()
        how = Closed(websockets.LOST, "lost")
        try:
            self._websocket.open(key, self._request_id)
            self._talk(token)
        except Closed as over:
            how = over
        except Exception as error:
            with self._app_context():
                problem_of(error)  # logs it
            how = Closed(websockets.FAILED, "Something went wrong; please come back.")
        finally:
            # Before the goodbye, which may take a moment.
            if self._learner_id:
                self._gathering.leave(self._learner_id, self)
            self._websocket.close(how)
            sockets.remove(self)
            metrics.SOCKETS.dec()
            metrics.SOCKETS_CLOSED.labels(how.code if how.code in _CODES else "other").inc()
            self._log(how)

    def _log(self, how: Closed) -> None:
        seconds = round(time.monotonic() - self._began, 1)
        with self._app_context():
            learner = self._learner_id and pseudonym(self._learner_id)
        fields = {"request_id": self._request_id, "learner": learner, "seconds": seconds}
        fields |= {"code": how.code, "received": self._received}
        log.info("socket closed", extra={"fields": fields})

    def _talk(self, token: str | None) -> None:
        if token is not None:
            self._handle("auth", {"token": token})
        while True:
            for text in self._websocket.wait(max(0.0, self._due() - time.monotonic())):
                self._count()
                self._take(text)
            self._check_token()

    def _due(self) -> float:
        """When there is something to do though no message comes."""
        if self._learner_id is None:
            return self._began + AUTH_WITHIN
        left = self._expires - time.time() - (0 if self._is_warned else WARN_BEFORE)
        return time.monotonic() + min(left, _IDLE)

    def _check_token(self) -> None:
        if self._learner_id is None:
            if time.monotonic() >= self._began + AUTH_WITHIN:
                raise Closed(websockets.NO_TOKEN, "Send the access token within 5 seconds.")
        elif time.time() >= self._expires:
            raise Closed(websockets.NO_TOKEN, "The access token has expired.")
        elif not self._is_warned and time.time() >= self._expires - WARN_BEFORE:
            self._is_warned = True
            expires_at = stamp(datetime.fromtimestamp(self._expires, UTC))
            self._say("expiring", {"expires_at": expires_at})

    def _count(self) -> None:
        """Let no flood reach the database."""
        self._received += 1
        now = time.monotonic()
        self._tokens = min(_BURST, self._tokens + (now - self._counted) * _RATE) - 1
        self._counted = now
        if self._tokens < 0:
            self._say("problem", {"problem": QuotaExceeded("messages", 120, 30).body()})
            raise Closed(websockets.BACK_OFF, "Too many messages; send 2 a second.")

    def _take(self, text: str) -> None:
        ref: Message = {}
        try:
            given = socket_schemas.read(text)
            ref = {**socket_schemas.ref_of(given)}
            kind, message = socket_schemas.load(given)
        except Exception as error:
            self._complain(error, ref)
            return
        metrics.SOCKET_MESSAGES.labels(kind).inc()
        self._handle(kind, message, ref)

    def _handle(self, kind: str, message: Message, ref: Message | None = None) -> None:
        answer = {
            "auth": self._auth,
            "heartbeat": self._beat,
            "finish": self._finish,
            "cancel": self._cancel,
            "ping": _pong,
        }[kind]
        self._place = self._websocket.waiting
        try:
            if self._learner_id is None and kind != "auth":
                raise NotSignedIn("Send the access token first: a message of the type `auth`.")
            with self._app_context():
                kind_said, said = answer(message)
        except Exception as error:
            self._complain(error, ref or {}, is_auth=kind == "auth")
            return
        # `ready` goes before what the hub told meanwhile, which may be newer.
        self._say(kind_said, {**said, **(ref or {})}, self._place if kind_said == "ready" else None)

    def _complain(self, error: Exception, ref: Message, *, is_auth: bool = False) -> None:
        """Send the problem that an error is; one of the token, or of the first answer, ends the socket."""
        if isinstance(error, Closed):
            raise error
        with self._app_context():
            problem = problem_of(error)
        self._say("problem", {"problem": problem.body(), **ref})
        if isinstance(problem, NotSignedIn | Forbidden):
            raise Closed(websockets.NO_TOKEN, problem.detail)
        if is_auth:
            raise Closed(websockets.BACK_OFF, problem.detail)

    def _say(self, kind: str, members: Message, place: int | None = None) -> None:
        self._websocket.put(orjson.dumps({"type": kind, **members}).decode(), place)

    def _auth(self, message: Message) -> tuple[str, Message]:
        learner_id, expires = learner_of(message["token"])
        if self._learner_id not in (None, learner_id):
            raise Forbidden("This token is another learner's; open a socket of its own.")
        self._expires, self._is_warned = expires, False
        if self._learner_id is None:
            self._learner_id = learner_id
            self._gathering.join(learner_id, self)  # before the state is read: nothing is missed
        return "ready", service.show_all(learner_id, now=datetime.now(UTC))

    def _beat(self, message: Message) -> tuple[str, Message]:
        session_id = message.pop("session_result_id")
        live, _ = service.beat(self._who, session_id, message, now=datetime.now(UTC))
        self._tell_others()
        return "ack", {"seq": live["seq"], "session": live}

    def _finish(self, message: Message) -> tuple[str, Message]:
        outcome = sessions.save(self._who, message["session"], now=datetime.now(UTC))
        return "saved", {
            "session": {**outcome.session, **outcome.extras},
            "replayed": not outcome.created,
        }

    def _cancel(self, message: Message) -> tuple[str, Message]:
        session_id = message["session_result_id"]
        service.cancel(self._who, session_id, now=datetime.now(UTC))
        self._tell_others()
        return "ack", {"session_result_id": session_id, "cancelled": True}

    def _tell_others(self) -> None:
        """Tell of a change; this socket, too, if it was told something meanwhile, older or newer."""
        is_newest = self._websocket.waiting == self._place
        self._gathering.changed(self._who, knows=self if is_newest else None)

    @property
    def _who(self) -> str:
        assert self._learner_id  # noqa: S101  # _handle has checked
        return self._learner_id


def _pong(message: Message) -> tuple[str, Message]:
    return "pong", {}


_CODES = (
    *(websockets.NORMAL, websockets.LEAVING, websockets.PROTOCOL_ERROR, websockets.NOT_TEXT),
    *(
        websockets.LOST,
        websockets.TOO_LONG,
        websockets.FAILED,
        websockets.RESTARTING,
        websockets.BACK_OFF,
    ),
    *(websockets.NO_TOKEN, websockets.ERASED, websockets.REPLACED),
)
