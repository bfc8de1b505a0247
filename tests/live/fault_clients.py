"""Apps that practise live while everything fails, and what a plain simulation says of their sessions."""

import random
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import requests
import websocket

from tests.factories import content, token
from tests.live.sockets import OPEN, Phone

LOST = (OSError, websocket.WebSocketException)
PRACTISED = timedelta(hours=1)  # since the start, so that no active seconds are cut off


@dataclass
class Practice:
    """A live session as the app has it: its totals by `seq`, and what was acknowledged."""

    session_id: str = field(default_factory=lambda: str(uuid4()))
    started_at: str = field(default_factory=lambda: (datetime.now(UTC) - PRACTISED).isoformat())
    totals: list[int] = field(default_factory=lambda: [0])  # active seconds
    acknowledged: int = 0  # the newest `seq` that the service said it has
    end: str = "left"

    def practise(self, seconds: int) -> int:
        """Go on; returns the `seq` of the next heartbeat."""
        self.totals.append(self.totals[-1] + seconds)
        return len(self.totals) - 1

    def heartbeat(self, seq: int) -> dict[str, Any]:
        return {
            "session_type": "conversation",
            "started_at": self.started_at,
            "seq": seq,
            "active_seconds": self.totals[seq],
            "words_spoken": 2 * self.totals[seq],
        }

    def save(self) -> dict[str, Any]:
        return content(session_result_id=self.session_id, duration_seconds=self.totals[-1])

    def hears(self, live: dict[str, Any]) -> None:
        """The service shows the session: nothing that it has acknowledged is lost."""
        seq = live["seq"]
        assert self.acknowledged <= seq < len(self.totals), (self, live)
        assert live["active_seconds"] == self.totals[seq], (self, live)
        assert live["words_spoken"] == 2 * self.totals[seq], (self, live)
        self.acknowledged = seq


class App(threading.Thread):
    """Practises over HTTP: sends heartbeats that may be lost, repeats what has to be answered."""

    kind = "http"
    pace = (0.0, 0.1)  # seconds between messages

    def __init__(self, address: str, stopping: threading.Event, seed: int) -> None:
        super().__init__(daemon=True)
        self.address, self.stopping, self.random = address, stopping, random.Random(seed)
        self.learners: dict[str, list[Practice]] = {}
        self.learner_id = ""
        self.counts = {"heartbeats": 0, "lost": 0, "reconnects": 0}
        self.error: BaseException | None = None
        self.watcher: Watcher | None = None

    def run(self) -> None:
        try:
            while not self.stopping.is_set():
                self._be_a_learner()
        except BaseException as error:  # the main thread raises it; otherwise it is lost
            self.error = error

    def _be_a_learner(self) -> None:
        self.hang_up()
        self.learner_id = str(uuid4())
        practices = self.learners.setdefault(self.learner_id, [])
        if self.watcher:
            self.watcher.stop()
        self.watcher = Watcher(self.address, self.learner_id)
        self.watcher.start()
        for _ in range(self.random.randrange(1, 5)):
            practices.append(Practice())
            self._practise(practices[-1])
            if self.stopping.is_set():
                return

    def _practise(self, one: Practice) -> None:
        for _ in range(self.random.randrange(1, 10)):
            seq = one.practise(self.random.randrange(1, 60))
            sent = [seq]
            if self.random.random() < 0.3:  # again, or late
                sent.append(self.random.randrange(1, seq + 1))
            for number in sent:
                self.counts["heartbeats"] += 1
                self.counts["lost"] += not self.beat(one, number)
                time.sleep(self.random.uniform(*self.pace))
        one.end = self.random.choice(("finished", "finished", "cancelled", "left"))
        if one.end == "finished":
            self.until_done(lambda: self.finish(one))
        elif one.end == "cancelled":
            self.until_done(lambda: self.cancel(one))

    def until_done(self, attempt: Any) -> None:
        ends = time.monotonic() + 60
        while not attempt():
            assert time.monotonic() < ends, "the service does not come back"
            time.sleep(self.random.uniform(0.05, 0.3))

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """The answer, or None where it is not known what has happened."""
        headers = {"Authorization": f"Bearer {token(self.learner_id)}"}
        url = f"{self.address}/api/sessions{path}"
        try:
            answer = requests.request(method, url, json=body, headers=headers, timeout=5)
            said = answer.json() if answer.status_code != 204 else {}  # its head may be cut, too
        except requests.RequestException:
            return None
        assert answer.ok or answer.status_code == 503, answer.text
        return said if answer.ok else None

    def beat(self, one: Practice, seq: int) -> bool:
        answer = self.ask("PUT", f"/live/{one.session_id}", one.heartbeat(seq))
        if answer is not None:
            one.hears(answer)
            assert one.acknowledged >= seq
        return answer is not None

    def finish(self, one: Practice) -> bool:
        return self.ask("POST", "/save", one.save()) is not None

    def cancel(self, one: Practice) -> bool:
        return self.ask("DELETE", f"/live/{one.session_id}") is not None

    def hang_up(self) -> None:
        """Close what is open."""


class SocketApp(App):
    """The same over a socket, which is opened again whenever it is lost."""

    kind = "socket"
    pace = (0.5, 0.7)  # two messages a second

    def __init__(self, address: str, stopping: threading.Event, seed: int) -> None:
        super().__init__(address, stopping, seed)
        self.phone: Phone | None = None
        self.ref = 0

    def _said(self, kind: str, **members: Any) -> dict[str, Any] | None:
        """What is answered, or None where it is not known what has happened."""
        self.ref += 1
        ref = str(self.ref)
        try:
            phone = self.phone or self._connect()
            phone.say(kind, **members, ref=ref)
            answer = phone.until(lambda message: message.get("ref") == ref, 5)
        except (*LOST, AssertionError):  # the latter: closed by the service
            self.hang_up()
            return None
        if answer["type"] != "problem":
            return answer
        assert answer["problem"]["status"] == 503, answer
        return None

    def _connect(self) -> Phone:
        time.sleep(self.random.uniform(0, 0.2))
        phone = Phone(self.address, self.learner_id)
        self.phone = phone
        ready = phone.hear("ready", 5)
        self.counts["reconnects"] += 1
        known = {one.session_id: one for one in self.learners[self.learner_id]}
        shown = {live["session_result_id"]: live for live in ready["sessions"]}
        for session_id, one in known.items():
            if session_id in shown:
                one.hears(shown[session_id])
            else:
                assert not one.acknowledged or one.end != "left", ("lost", one)
        return phone

    def beat(self, one: Practice, seq: int) -> bool:
        heard = self._said("heartbeat", session_result_id=one.session_id, **one.heartbeat(seq))
        if heard is not None:
            one.hears(heard["session"])
            assert one.acknowledged >= seq
        return heard is not None

    def finish(self, one: Practice) -> bool:
        return self._said("finish", session=one.save()) is not None

    def cancel(self, one: Practice) -> bool:
        return self._said("cancel", session_result_id=one.session_id) is not None

    def hang_up(self) -> None:
        if self.phone:
            with suppress(*LOST):
                self.phone.socket.shutdown()
        self.phone = None


class Watcher(threading.Thread):
    """Another device of the learner, which only looks on."""

    def __init__(self, address: str, learner_id: str) -> None:
        super().__init__(daemon=True)
        self.address, self.learner_id = address, learner_id
        self.is_over = False
        self.shown: dict[str, int] = {}  # the newest `seq` of each live session

    def stop(self) -> None:
        self.is_over = True

    def run(self) -> None:
        while not self.is_over:
            with suppress(*LOST, AssertionError):
                phone = Phone(self.address, self.learner_id)
                try:
                    self._look_on(phone)
                finally:
                    phone.socket.shutdown()
                    OPEN.remove(phone)
            time.sleep(0.2)

    def _look_on(self, phone: Phone) -> None:
        while not self.is_over:
            with suppress(websocket.WebSocketTimeoutException):
                message = phone.until(lambda one: one["type"] in ("ready", "state"), 0.5)
                self.shown = {one["session_result_id"]: one["seq"] for one in message["sessions"]}
