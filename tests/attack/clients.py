"""The clients: hostile ones, and the learner whom they must not harm."""

import random
import socket
import threading
import time
from abc import ABC, abstractmethod
from collections import Counter
from contextlib import suppress
from uuid import uuid4

import requests

from tests.attack import http_grammar, json_grammar
from tests.factories import content, token
from tests.server.raw import connect, post


class Client(threading.Thread, ABC):
    """Acts until it is told to stop. An exception of its own ends the attack."""

    pause = 0.05  # seconds between two acts

    def __init__(self, address: str, stopping: threading.Event, seed: int) -> None:
        super().__init__(daemon=True)
        self.address, self.stopping, self.dice = address, stopping, random.Random(seed)
        self.statuses: Counter[int] = Counter()
        self.learner = str(uuid4())
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            while not self.stopping.is_set():
                self.act()
                self.stopping.wait(self.pause)
            self.end()
        except BaseException as error:  # the main thread raises it; otherwise it is lost
            self.error = error

    @abstractmethod
    def act(self) -> None:
        """What it does again and again."""

    def end(self) -> None:
        """Let go of what is held."""


class HttpAttacker(Client):
    """Sends random HTTP."""

    def act(self) -> None:
        packets = http_grammar.request(self.dice, token(self.learner))
        with suppress(OSError), connect(self.address, timeout=0.3) as client:
            for packet in packets:
                client.sendall(packet)
            first = client.recv(4096)
            if first:
                self.statuses[int(first.split(b" ", 2)[1])] += 1


class JsonAttacker(Client):
    """Sends random JSON and random questions, signed in."""

    def act(self) -> None:
        signed_in = {
            "Authorization": f"Bearer {token(self.learner)}",
            "Content-Type": "application/json",
        }
        base = f"{self.address}/api/sessions/"
        with suppress(requests.RequestException, UnicodeError):
            if self.dice.random() < 0.3:
                answer = requests.get(
                    base + json_grammar.path(self.dice), headers=signed_in, timeout=10
                )
            else:
                body = json_grammar.body(self.dice)
                where = base + ("batch" if body.startswith(b'{"sessions"') else "save")
                answer = requests.post(where, data=body, headers=signed_in, timeout=10)
            self.statuses[answer.status_code] += 1


class Hoarder(Client):
    """Opens connections, and leaves them idle or in the middle of a body."""

    pause = 0.02

    def __init__(self, address: str, stopping: threading.Event, seed: int) -> None:
        super().__init__(address, stopping, seed)
        self.held: list[socket.socket] = []

    def act(self) -> None:
        with suppress(OSError):
            client = connect(self.address, timeout=1)
            self.held.append(client)
            if self.dice.random() < 0.05:
                signed_in = (
                    f"Content-Length: 4000000\r\nAuthorization: Bearer {token(self.learner)}"
                )
                client.sendall(post(signed_in, "/api/sessions/batch") + b" " * 3_900_000)
        while len(self.held) > 5000:
            self.held.pop(0).close()

    def end(self) -> None:
        for client in self.held:
            client.close()


class GoodLearner(Client):
    """Saves and asks as an app does, and remembers how long each answer took."""

    def __init__(self, address: str, stopping: threading.Event, seed: int) -> None:
        super().__init__(address, stopping, seed)
        self.pause = 0.6  # under the rate limits
        self.waits: list[float] = []
        self.http = requests.Session()

    def act(self) -> None:
        questions = ("stats", "history", "warmup", "vocabulary", "streak")
        signed_in = {"Authorization": f"Bearer {token(self.learner)}"}
        base = f"{self.address}/api/sessions/"
        if self.dice.random() < 0.2:
            self.http.close()
            self.http = requests.Session()
        began = time.monotonic()
        if self.dice.random() < 0.4:
            answer = self.http.post(base + "save", json=content(), headers=signed_in, timeout=30)
        else:
            answer = self.http.get(
                base + self.dice.choice(questions), headers=signed_in, timeout=30
            )
        self.waits.append(time.monotonic() - began)
        assert answer.ok, (answer.status_code, answer.text)

    def end(self) -> None:
        self.http.close()
