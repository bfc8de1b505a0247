"""Workers' hubs under gevent; settings come from the environment.

`python -m tests.live.fan_out COUNT`: one tells, one hears; prints the numbers that each learner's device has
heard, in order. `… leaving`: prints how many processes listen with a socket, after it has left, and again.
"""

# ruff: noqa: E402  # gevent patches first, as in a worker
from gevent import monkey

monkey.patch_all()

import json
import os
import random
import sys
import time
from typing import Any
from uuid import uuid4

import gevent

import config
from tests.live.practising import listeners
from vorex_sessions import create_app
from vorex_sessions.live import watching
from vorex_sessions.live.hub import Hub
from vorex_sessions.live.relays import relay_of

LEARNERS = 5


class Device:
    """A socket that keeps what it is sent."""

    joined_at = 0.0

    def __init__(self) -> None:
        self.numbers: list[int] = []

    def put(self, text: str) -> None:
        message = json.loads(text)
        if message["type"] == "unlocked":
            self.numbers += [one["number"] for one in message["achievements"]]

    def end(self, code: int, reason: str) -> None:
        raise AssertionError(f"closed with {code}")


def main(count: int) -> None:
    app = create_app(config.read())
    telling, hearing = (Hub(app.app_context, relay_of(app.config)) for _ in range(2))
    devices: dict[str, Any] = {str(uuid4()): Device() for _ in range(LEARNERS)}
    for learner_id, device in devices.items():
        hearing.join(learner_id, device)
    gevent.sleep(1)
    for number in range(count):
        for learner_id in devices:
            telling.changed(learner_id, unlocked=[{"number": number}])
        gevent.sleep(random.choice((0, 0, 0.001, 0.01)))
    ends = time.monotonic() + 20
    while time.monotonic() < ends and any(len(one.numbers) < count for one in devices.values()):
        gevent.sleep(0.05)
    gevent.sleep(0.3)  # nothing comes twice
    print(json.dumps([device.numbers for device in devices.values()]))  # noqa: T201  # the result


def leaving() -> None:
    watching._NEEDED_FOR, watching._WAIT = 0.3, 0.1  # seconds; the usual ones would be a long test
    app = create_app(config.read())
    hub, learner_id, found = Hub(app.app_context, relay_of(app.config)), str(uuid4()), []
    device: Any = Device()
    for _ in range(2):
        hub.join(learner_id, device)
        gevent.sleep(1)
        found.append(listeners(os.environ["DATABASE_URL"]))
        hub.leave(learner_id, device)
        gevent.sleep(1.5)
        found.append(listeners(os.environ["DATABASE_URL"]))
    print(json.dumps(found))  # noqa: T201  # the result


if __name__ == "__main__":
    leaving() if sys.argv[1] == "leaving" else main(int(sys.argv[1]))
