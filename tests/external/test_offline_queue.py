"""The queue of clients/typescript, through a proxy that cuts the connection at many points."""

import json
import os
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from tests.external.clients import typescript_client
from tests.factories import Learner, token
from tests.proxy import NO_CUT, Cut, Proxy
from tests.serving import ROOT, gunicorn

pytestmark = pytest.mark.external

SESSIONS = 60
# After how many bytes to cut, headers included: of the request (about 900 bytes for three sessions)
# and of its answer (about 1,900), and right before and after each.
POINTS = [
    *(Cut(requests=sent) for sent in (0, 1, 10, 100, 200, 300, 400, 600, 800, 900)),
    *(
        Cut(answers=received)
        for received in (0, 1, 9, 50, 100, 150, 200, 220, 300, 500, 1000, 1500, 1900)
    ),
]


@pytest.fixture(scope="module")
def port(app: Flask, database_url: str) -> Iterator[int]:
    with gunicorn(database_url) as (address, _):
        yield int(address.rpartition(":")[2])


def run_queue(learner: Learner, port: int) -> dict[str, Any]:
    driver = (ROOT / "tests" / "external" / "offline_queue.mjs").read_text()
    finished = subprocess.run(
        ["node", "--input-type=module", "-e", driver],
        cwd=typescript_client(),
        env={
            **os.environ,
            "URL": f"http://127.0.0.1:{port}",
            "TOKEN": token(learner.id),
            "LEARNER": learner.id,
            "SESSIONS": str(SESSIONS),
        },
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=120,
    )
    return json.loads(finished.stdout)


def test_the_queue_loses_and_doubles_nothing_wherever_the_connection_is_cut(
    port: int, learner: Learner
) -> None:
    plan = iter([cut for point in POINTS for cut in (point, point)])
    cuts: list[Cut] = []

    def next_cut() -> Cut:
        cuts.append(next(plan, NO_CUT))
        return cuts[-1]

    with Proxy(port, next_cut) as proxy:
        result = run_queue(learner, proxy.port)
    assert set(POINTS) <= set(cuts)
    assert (result["aside"], result["waiting"]) == ([], [])
    stored = [session for page in (0, 100) for session in history(learner, page)]
    assert sorted(session["session_result_id"] for session in stored) == sorted(result["ids"])
    durations = sorted(session["duration_seconds"] for session in stored)
    assert durations == sorted([*range(1, SESSIONS + 1), 7])


def history(learner: Learner, offset: int) -> list[dict[str, Any]]:
    return learner.get("/history", limit=100, offset=offset)["sessions"]
