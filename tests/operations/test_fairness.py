"""No request, however large, keeps a worker from its other requests for long."""

import string
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
import requests
from flask import Flask

from tests.factories import Learner, content, token
from tests.hooks.test_stale import derived
from tests.serving import ROOT, gunicorn
from vorex_sessions.hooks.rebuild import rebuild
from vorex_sessions.models.limits import MOST_SKILLS, MOST_TOPICS, MOST_VOCABULARY, OUTCOMES
from vorex_sessions.skill_graph import SKILLS

LONGEST_TURN = 0.1  # seconds of the processor; measured: 0.03, on two busy cores 0.05
LONGEST_SAVE = 2  # seconds on two idle cores; four times as many are allowed on busy ones
PROBE = ROOT / "tests" / "lag_probe.py"  # not imported: it reads the settings of a service
random = Random(17)


def word(length: int) -> str:
    return "".join(random.choices(string.ascii_lowercase, k=length))


def label(length: int) -> str:
    text = " ".join(word(random.randint(3, 9)) for _ in range(length // 4))
    return text[:length].strip().ljust(length, "x")


def labels(length: int) -> list[str]:
    return [label(length) for _ in range(MOST_TOPICS)]


def outcomes(count: int = MOST_VOCABULARY, length: int = 8) -> list[dict[str, str]]:
    return [{"word": word(length), "outcome": random.choice(OUTCOMES)} for _ in range(count)]


def largest() -> dict[str, Any]:
    """Each list as long as it may be, in texts with which a hundred make up about 4 MiB."""
    return content(
        topics=labels(90),
        areas_to_improve=labels(90),
        vocabulary_learned=[word(9) for _ in range(MOST_VOCABULARY)],
        vocabulary_results=outcomes(length=8),
        skills=[{"skill": key, "score": 60} for key in random.sample(list(SKILLS), MOST_SKILLS)],
    )


BATCHES: dict[str, Callable[[], list[dict[str, Any]]]] = {
    "areas of 200": lambda: [content(areas_to_improve=labels(200)) for _ in range(100)],
    "areas of 30": lambda: [content(areas_to_improve=labels(30)) for _ in range(100)],
    "outcomes": lambda: [content(vocabulary_results=outcomes()) for _ in range(50)],
    "long words": lambda: [
        content(vocabulary_learned=[word(70) for _ in range(MOST_VOCABULARY)]) for _ in range(100)
    ],
    "largest": lambda: [largest() for _ in range(100)],
}
QUESTIONS = ("vocabulary", "skills", "warmup", "stats?period=all", "stats?period=month")
QUESTIONS += ("history?limit=100", "trends?period=year", "achievements", "streak", "export")


class Service:
    """One worker, and how long it computes at a time."""

    def __init__(self, address: str, log: Path) -> None:
        self.address, self.log = address, log

    def request(self, learner: Learner, method: str, path: str, **options: Any) -> float:
        """Send a request, which must succeed without a turn that is too long; return its seconds."""
        before = len(self.turns())
        began = time.monotonic()
        answer = requests.request(
            method,
            f"{self.address}/api/sessions/{path}",
            headers={"Authorization": f"Bearer {token(learner.id)}"},
            timeout=120,
            **options,
        )
        seconds = time.monotonic() - began
        assert answer.status_code == 200, answer.text[:300]
        assert max(self.turns()[before:], default=0) < LONGEST_TURN, path
        return seconds

    def turns(self) -> list[float]:
        time.sleep(0.05)  # the probe has to note the last one
        return [float(line) for line in self.log.read_text().split()]


@pytest.fixture(scope="module")
def service(
    app: Flask, database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    log = tmp_path_factory.mktemp("lag") / "turns"
    log.touch()
    settings = {
        "WEB_CONCURRENCY": "1",
        "RATELIMIT_ENABLED": "false",
        "GUNICORN_CMD_ARGS": f"-c {PROBE}",
        "LAG_LOG": str(log),
    }
    with gunicorn(database_url, **settings) as (address, _):
        running = Service(address, log)
        learner = Learner(app)
        for question in QUESTIONS:  # the first request of each kind compiles its statements
            requests.get(
                f"{address}/api/sessions/{question}",
                headers={"Authorization": f"Bearer {token(learner.id)}"},
                timeout=9,
            )
        yield running


@pytest.mark.parametrize("name", BATCHES)
def test_a_batch_at_the_limits_is_stored_and_holds_nobody_up(
    service: Service, learner: Learner, app: Flask, name: str
) -> None:
    for _ in range(2):  # the second one finds words, memories and a mark
        batch = {"sessions": BATCHES[name]()}
        assert service.request(learner, "POST", "batch", json=batch) < 4 * LONGEST_SAVE
    for question in QUESTIONS:
        service.request(learner, "GET", question)
    kept = derived(app, learner)
    with app.app_context():
        rebuild(learner.id, everything=True)
    again = derived(app, learner)
    assert {table: rows == again[table] for table, rows in kept.items()} == dict.fromkeys(
        kept, True
    )
