"""The attackers, in a process of their own: `python -m tests.attack.hostile ADDRESS SECONDS SEED`.

They come from other machines, so they get what the service and its learners leave of the processor.
"""

import json
import os
import sys
import threading
from collections import Counter
from typing import TypeVar

from tests.attack.clients import Client, Hoarder, HttpAttacker, JsonAttacker

C = TypeVar("C", bound=Client)
KINDS = (HttpAttacker, HttpAttacker, HttpAttacker, JsonAttacker, JsonAttacker, Hoarder)


def run(kinds: tuple[type[C], ...], address: str, seconds: float, seed: int) -> list[C]:
    """Let clients of these kinds act at once. Raises the first exception of any of them."""
    stopping = threading.Event()
    clients = [kind(address, stopping, seed + number) for number, kind in enumerate(kinds)]
    for client in clients:
        client.start()
    stopping.wait(seconds)
    stopping.set()
    for client in clients:
        client.join(60)
        if client.error:
            raise client.error
    return clients


if __name__ == "__main__":
    os.nice(10)
    attackers = run(KINDS, sys.argv[1], float(sys.argv[2]), int(sys.argv[3]))
    statuses = sum((client.statuses for client in attackers), Counter[int]())
    print(json.dumps(dict(sorted(statuses.items()))))  # noqa: T201  # for the process that started this one
