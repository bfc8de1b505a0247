"""A learner with everything that an export can hold, and the import of a file."""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa

from tests.factories import Learner, content
from tests.postgres import transaction

EXPORT = "/api/sessions/export"
IMPORT = "/api/sessions/import"
MEDIA = {"json": "application/json", "ndjson": "application/x-ndjson", "csv": "text/csv"}
WORDS = ["Gift", "essen", "'=1+1", "=SUM(A1)", "'quoted'", "-", "@home", 'a, "b"', "naïve", "猫"]
ZONES = ["Europe/Berlin", "America/New_York", "UTC", "UTC+05:45", "Pacific/Kiritimati"]
LANGUAGES = ["en", "es", "pt-BR"]
FIRST = datetime(2026, 1, 1, 12, tzinfo=UTC)


def take_back(
    learner: Learner, body: bytes, file_format: str = "json", *, dry_run: bool = False, **more: str
) -> dict[str, Any]:
    """Import a file, which must be answered."""
    path = IMPORT + ("?dry_run=true" if dry_run else "")
    headers = {"Content-Type": MEDIA[file_format], **more}
    response = learner.request("POST", path, data=body, headers=headers)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = orjson.loads(response.data)
    assert answer["dry_run"] == dry_run
    return answer


def download(learner: Learner, file_format: str = "json") -> bytes:
    response = learner.request("GET", f"{EXPORT}?format={file_format}")
    assert response.status_code == 200
    return response.data


def lasting(export: bytes) -> dict[str, Any]:
    """What an export has in common with one of another database."""
    whole: dict[str, Any] = orjson.loads(export)
    del whole["exported_at"]
    for session in whole["sessions"]:
        del session["version"]
    return whole


def counts(answer: dict[str, Any]) -> tuple[int, int, int]:
    return answer["created"], answer["replayed"], answer["rejected"]


def session(random: Random, day: int) -> dict[str, Any]:
    """The content of a session, some of whose fields are left out."""
    language = random.choice(LANGUAGES)
    fields: dict[str, Any] = {
        "session_type": random.choice(["conversation", "pronunciation", "roleplay"]),
        "duration_seconds": random.randrange(0, 2000),
        "words_spoken": random.randrange(500),
        "pronunciation_score": random.choice([None, 33.333333333333336, 80, 0]),
        "grammar_score": random.uniform(0, 100),
        "topics": random.sample(WORDS, 3),
        "vocabulary_learned": random.sample(WORDS, 4),
        "areas_to_improve": random.sample(["past tense", "=articles", "prepositions"], 2),
        "vocabulary_results": [
            {"word": random.choice(WORDS), "outcome": random.choice(["again", "hard", "good"])}
            for _ in range(random.randrange(5))
        ],
        "metadata": {"n": [1e300, -0.5, 2**63 - 1, None], "user_level": "B1", "'": "=\r\n\u2028"},
        "timezone": random.choice(ZONES),
        "language": language,
    }
    if language == "en":
        fields["skills"] = [{"skill": "past-simple", "score": random.uniform(0, 100)}]
    required = {"session_type", "duration_seconds", "language"}
    kept = {name for name in fields if name in required or random.random() < 0.8}
    at = FIRST + timedelta(days=day, seconds=random.randrange(80_000))
    return content(
        **{name: fields[name] for name in fields if name in kept | {"skills"}},
        completed_at=at.isoformat(),
        session_result_id=str(UUID(int=random.getrandbits(128), version=4)),
    )


def practise(learner: Learner, random: Random, number: int = 30) -> None:
    """Save sessions, mostly in order, with settings, corrections, deletions and an opt-in."""
    _set_before(learner)
    days = sorted(random.randrange(60) for _ in range(number))
    days.append(days.pop(3))  # one comes late
    stored = [learner.save(**session(random, day))["session_result_id"] for day in days]
    settings = {"day_starts_at": 4, "rest_days": ["sunday"], "daily_goal_minutes": None}
    learner.request("PUT", "/api/sessions/preferences", json=settings)
    learner.request("PUT", "/api/sessions/comparison", json={"opt_in": True})
    stored += [learner.save(**session(random, day))["session_result_id"] for day in (61, 62)]
    change = {"fluency_score": 99.5, "completed_at": "2026-02-01T03:00:00+01:00"}
    learner.request("PATCH", f"/api/sessions/{stored[1]}", json=change)
    learner.request("DELETE", f"/api/sessions/{stored[0]}")


def _set_before(learner: Learner) -> None:
    """Preferences of earlier days, with a pause."""
    statement = sa.text("""
        INSERT INTO learner_preferences VALUES
        (:id, '2026-01-02', '2026-01-02 08:00Z', 3, 'sunday', 15, 3, '{saturday,sunday}', NULL, NULL),
        (:id, '2026-01-20', '2026-01-20 08:00Z', 0, 'monday', 5, NULL, '{}', '2026-01-21', '2026-02-10')
    """)
    with learner.app.app_context(), transaction() as connection:
        connection.execute(statement, {"id": learner.id})
