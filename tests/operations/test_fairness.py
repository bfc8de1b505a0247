"""No request, however large, keeps a worker from its other requests for long."""

import json
import math
import string
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from uuid import uuid4

import pytest
import requests
import sqlalchemy as sa
from flask import Flask

from tests.factories import Learner, content, token
from tests.hooks.test_stale import derived
from tests.postgres import transaction
from tests.serving import ROOT, gunicorn
from tests.timing import Try, tries
from vorex_sessions.hooks.rebuild import rebuild
from vorex_sessions.models.limits import MOST_SKILLS, MOST_TOPICS, MOST_VOCABULARY, OUTCOMES
from vorex_sessions.privacy import formats
from vorex_sessions.skill_graph import KEYS

# Seconds of the processor, so other tests may run beside: 0.02 to 0.035, on a busy machine 0.05.
LONGEST_TURN = 0.08
LONGEST_IMPORT = 60  # likewise, with the export that derives what may follow; measured: 2 to 7
LONGEST_SAVE = 8  # seconds on busy cores; measured: 0.1 to 0.7, the largest 3.2
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
        skills=[{"skill": key, "score": 60} for key in random.sample(list(KEYS), MOST_SKILLS)],
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

    def request(
        self,
        learner: Learner,
        attempt: Try,
        method: str,
        path: str,
        longest: float = math.inf,
        **options: Any,
    ) -> None:
        """Send a request, which must succeed without a turn that is too long; 503 is too slow."""
        before = len(self.turns())
        with attempt.under(longest):
            answer = requests.request(
                method,
                f"{self.address}/api/sessions/{path}",
                headers={
                    "Authorization": f"Bearer {token(learner.id)}",
                    **options.pop("headers", {}),
                },
                timeout=120,
                **options,
            )
        # A busy machine may need more than 1.5 s for the warm-up of 100,000 words of one week.
        if answer.status_code == 503 and path != "warmup":
            attempt.slow.append(f"{path} was not answered in time")
        assert answer.status_code in (200, 503), answer.text[:300]
        attempt.check(max(self.turns()[before:], default=0), LONGEST_TURN)

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
    with gunicorn(database_url, log.with_name("log"), **settings) as (address, _):
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
    service: Service, app: Flask, name: str
) -> None:
    for attempt in tries():
        learner = Learner(app)
        sessions = BATCHES[name]()
        for _ in range(2):  # the second one finds all its words, memories and a mark
            batch = {"sessions": [{**one, "session_result_id": str(uuid4())} for one in sessions]}
            service.request(learner, attempt, "POST", "batch", LONGEST_SAVE, json=batch)
        for question in QUESTIONS:
            service.request(learner, attempt, "GET", question)
    assert_a_rebuild_changes_nothing(app, learner)


def usual(number: int) -> dict[str, Any]:
    """A session of an export, some 700 bytes long."""
    at = datetime(2026, 1, 1, tzinfo=UTC) - timedelta(hours=number)
    return content(
        session_result_id=str(uuid4()),
        topics=["travel", f"topic {number % 50}"],
        areas_to_improve=["past tense"],
        vocabulary_learned=[word(6) for _ in range(5)],
        vocabulary_results=outcomes(3),
        metadata={"scenario_id": "hotel-check-in", "user_level": "B1", "note": word(100)},
        completed_at=at.isoformat(),
        created_at=at.isoformat(),
        updated_at=at.isoformat(),
        timezone="Europe/Berlin",
        practiced_on=str(at.date()),
    )


IMPORTS: dict[str, Callable[[], list[dict[str, Any]]]] = {
    "usual": lambda: [usual(number) for number in range(5000)],
    "largest": lambda: [
        {**largest(), "session_result_id": str(uuid4()), "completed_at": "2026-01-01T00:00:00Z"}
        for _ in range(95)
    ],
}


def exported(sessions: list[dict[str, Any]], media_type: str) -> bytes:
    """The sessions as a file to import."""
    if media_type == "application/json":
        return json.dumps({"sessions": sessions}).encode()
    rows = [json.dumps(one) for one in sessions]
    if media_type == "text/csv":
        return b"".join(formats.as_csv(list(sessions[0]), [rows]))
    return "\n".join(rows).encode()


@pytest.mark.parametrize(
    ("name", "media_type"),
    [("usual", "application/json"), ("usual", "text/csv"), ("largest", "application/x-ndjson")],
)
def test_an_import_at_the_limits_is_stored_and_holds_nobody_up(
    service: Service, app: Flask, name: str, media_type: str
) -> None:
    for attempt in tries():
        learner = Learner(app)
        body = exported(IMPORTS[name](), media_type)
        assert 2_500_000 < len(body) <= 4 * 1024 * 1024
        for path in ("import?dry_run=true", "import", "import", "export"):
            method = "GET" if path == "export" else "POST"
            headers = {"Content-Type": media_type}
            service.request(
                learner, attempt, method, path, LONGEST_IMPORT, data=body, headers=headers
            )
    assert_a_rebuild_changes_nothing(app, learner)


def assert_a_rebuild_changes_nothing(app: Flask, learner: Learner) -> None:
    kept = derived(app, learner)
    with app.app_context():
        rebuild(learner.id, everything=True)
    again = derived(app, learner)
    assert {table: rows == again[table] for table, rows in kept.items()} == dict.fromkeys(
        kept, True
    )


_HISTORY = sa.text("""
INSERT INTO session_results (user_id, session_result_id, session_type, duration_seconds, areas_to_improve,
    vocabulary_results, completed_at, timezone, practiced_on, fingerprint, version)
SELECT CAST(:id AS uuid), gen_random_uuid(), 'conversation', 300, ARRAY['past tense', 'area ' || session],
    (SELECT jsonb_agg(jsonb_build_object('word', 'w' || (session * 7919 + place) % 20000,
        'outcome', (ARRAY['again', 'hard', 'good', 'easy'])[1 + (session + place) % 4]))
        FROM generate_series(1, :outcomes) AS place),
    at, 'UTC', CAST(at AT TIME ZONE 'UTC' AS date), decode(repeat('00', 16), 'hex'), 0
FROM generate_series(1, :sessions) AS session,
    LATERAL (SELECT now() - session * interval '7 hours' AS at) AS past
""")


def test_a_long_history_that_is_stale_is_rebuilt_beside_others(
    service: Service, app: Flask
) -> None:
    for attempt in tries():
        learner = Learner(app)
        with app.app_context(), transaction(60) as connection:
            connection.execute(_HISTORY, {"id": learner.id, "sessions": 3000, "outcomes": 100})
        service.request(learner, attempt, "GET", "vocabulary")
        service.request(learner, attempt, "GET", "vocabulary?status=due")
    assert learner.get("/vocabulary")["total"] == 20_000


def test_a_late_session_of_a_long_history_is_counted_in_its_place(
    learner: Learner, app: Flask
) -> None:
    with app.app_context(), transaction(60) as connection:
        connection.execute(_HISTORY, {"id": learner.id, "sessions": 600, "outcomes": 3})
        rebuild(learner.id, everything=True)
    late = (datetime.now(UTC) - timedelta(days=90)).isoformat()
    again = [{"word": "w7920", "outcome": "again"}]
    learner.save(completed_at=late, areas_to_improve=["past tense"], vocabulary_results=again)
    for question in ("/skills", "/vocabulary", "/achievements"):
        learner.get(question)
    assert_a_rebuild_changes_nothing(app, learner)
