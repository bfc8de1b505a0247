"""`python -m bench.events`: what a save costs that writes events for a destination, beside one without.

Two services of one database, one with an endpoint that nobody serves. One client sends a save to each in
turn, of learners who have saved before, so that a pair shares whatever else the machine does. Nothing is
delivered meanwhile.
"""

import random
import time
from contextlib import ExitStack
from statistics import mean, median

import requests

from bench import data, traffic
from bench.databases import FOLDER, Server
from bench.services import Running, database_cpu, service

_ENDPOINT = {
    "WEBHOOK_URL": "http://localhost:1/",
    "WEBHOOK_SECRETS": "whsec_" + "A" * 44,
}
_LEARNERS = 100
_ROUNDS, _SAVES = 12, 200  # of each side
_NAME = "bench_events"


class Side:
    """A service, and what its saves took."""

    def __init__(self, running: Running, seed: int) -> None:
        self._running, self._rng = running, random.Random(seed)
        self._client = requests.Session()
        # Learners of its own, so that what is queued is its own, too.
        numbers = range(seed * _LEARNERS, (seed + 1) * _LEARNERS)
        self._tokens = [traffic.token(number, self._rng) for number in numbers]
        self.taken: list[float] = []
        self.cpu: list[float] = []

    def save(self, number: int) -> None:
        """Save a session of a learner."""
        header = {"Authorization": f"Bearer {self._tokens[number % _LEARNERS]}"}
        body = data.content(self._rng)
        began = time.perf_counter()
        url = f"{self._running.address}/api/sessions/save"
        answer = self._client.post(url, json=body, headers=header, timeout=10)
        self.taken.append(time.perf_counter() - began)
        if answer.status_code != 201:
            raise RuntimeError(answer.text)

    def spend(self, saves: int) -> None:
        """Save, and note the processor time of a save: server and PostgreSQL."""
        before = self._running.cpu() + database_cpu(FOLDER)
        for number in range(saves):
            self.save(number)
        self.cpu.append((self._running.cpu() + database_cpu(FOLDER) - before) / saves)


def measure(without: Side, with_events: Side) -> None:
    """Send pairs, then rounds for the processor time, and print the ratios."""
    sides = (without, with_events)
    for number in range(3 * _LEARNERS):  # all have saved; plans and pages are there
        for side in sides:
            side.save(number)
    for side in sides:
        side.taken.clear()
    for number in range(_ROUNDS * _SAVES):
        for side in sides if number % 2 else reversed(sides):
            side.save(number)
    pairs = list(zip(with_events.taken, without.taken, strict=True))
    print(
        f"{len(pairs)} pairs: median {median(with_events.taken) * 1e3:.2f} ms beside "
        f"{median(without.taken) * 1e3:.2f}, {median(with_events.taken) / median(without.taken):.3f} x; "
        f"mean {mean(with_events.taken) / mean(without.taken):.3f} x; "
        f"median of the pairs {median(one / other for one, other in pairs):.3f} x"
    )
    for number in range(_ROUNDS):
        for side in sides if number % 2 else reversed(sides):
            side.spend(_SAVES)
    ratios = [one / other for one, other in zip(with_events.cpu, without.cpu, strict=True)]
    print(
        f"processor time: {median(with_events.cpu) * 1e3:.2f} ms beside {median(without.cpu) * 1e3:.2f}, "
        f"median of the pairs {median(ratios):.3f} x"
    )


def main() -> None:
    """Start the database and both services, and measure."""
    server = Server()
    try:
        address = server.empty(_NAME)
        with ExitStack() as stack:
            plain = stack.enter_context(service(address))
            telling = stack.enter_context(service(address, **_ENDPOINT))
            measure(Side(plain, 1), Side(telling, 2))
    finally:
        server.stop()


if __name__ == "__main__":
    main()
