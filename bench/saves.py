"""A service to which one client sends saves, beside another one."""

import random
import time

import requests

from bench import data, traffic
from bench.services import Running

LEARNERS = 100  # who save, of each side


class Side:
    """A service, and what its saves took."""

    def __init__(self, running: Running, seed: int) -> None:
        self.running, self._rng = running, random.Random(seed)
        self._client = requests.Session()
        # Learners of its own, so that what is queued is its own, too.
        numbers = range(seed * LEARNERS, (seed + 1) * LEARNERS)
        self._tokens = [traffic.token(number, self._rng) for number in numbers]
        self.taken: list[float] = []

    def save(self, number: int) -> None:
        """Save a session of a learner."""
        header = {"Authorization": f"Bearer {self._tokens[number % LEARNERS]}"}
        body = data.content(self._rng)
        began = time.perf_counter()
        url = f"{self.running.address}/api/sessions/save"
        answer = self._client.post(url, json=body, headers=header, timeout=10)
        self.taken.append(time.perf_counter() - began)
        if answer.status_code != 201:
            raise RuntimeError(answer.text)
