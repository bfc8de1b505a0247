"""Helpers: store the sessions of many participants at once, and take the snapshot of a day."""

import json
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import Flask

from tests.clock import today
from tests.factories import Learner
from tests.postgres import transaction
from vorex_sessions.cohorts.snapshot import Refreshed, refresh

_PRACTISE = sa.text("""
INSERT INTO session_results (user_id, session_result_id, session_type, duration_seconds,
    pronunciation_score, fluency_score, grammar_score, metadata, completed_at, timezone,
    practiced_on, fingerprint, language, version)
SELECT user_id, gen_random_uuid(), 'conversation', coalesce(seconds, 600), pronunciation, fluency,
    grammar, jsonb_build_object('user_level', coalesce(level, 'B1')),
    (day + time '12:00') AT TIME ZONE 'UTC', 'UTC', day, decode(repeat('00', 16), 'hex'),
    coalesce(language, 'en'), 0
FROM jsonb_to_recordset(CAST(:sessions AS jsonb)) AS said (user_id uuid, day date, seconds int,
    pronunciation float8, fluency float8, grammar float8, level text,
    language text)
""")
_JOIN = sa.text("""
INSERT INTO cohort_participants (user_id, since)
SELECT CAST(user_id AS uuid), now() FROM unnest(CAST(:learners AS text[])) AS joined (user_id)
""")


def learners(app: Flask, count: int, first: int = 1) -> list[Learner]:
    return [Learner(app, str(UUID(int=number))) for number in range(first, first + count)]


def ago(days: int) -> date:
    return today() - timedelta(days=days)


def sessions(
    learner: Learner, count: int = 5, day: int = 10, **fields: Any
) -> list[dict[str, Any]]:
    """Return `count` sessions, one a day, the last of them `day` days ago."""
    return [
        {"user_id": learner.id, "day": ago(day + number).isoformat(), **fields}
        for number in range(count)
    ]


def practise(app: Flask, rows: Iterable[dict[str, Any]]) -> None:
    with app.app_context(), transaction(60) as connection:
        connection.execute(_PRACTISE, {"sessions": json.dumps(list(rows))})


def join(app: Flask, participants: Sequence[Learner]) -> None:
    with app.app_context(), transaction(60) as connection:
        connection.execute(_JOIN, {"learners": [learner.id for learner in participants]})


def opt(learner: Learner, *, into: bool) -> dict[str, Any]:
    response = learner.request("PUT", "/api/sessions/comparison", json={"opt_in": into})
    assert response.status_code == 200, response.text
    return dict(response.get_json())


def snapshot(app: Flask, day: int = 0) -> Refreshed:
    """Take the snapshot of the day that is `day` days from today."""
    with app.app_context():
        return refresh(today() + timedelta(days=day))


def cohort(app: Flask, count: int, **fields: Any) -> list[Learner]:
    """Create participants with 5 sessions each, and with a fluency of 50, 50.5 and so on."""
    members = learners(app, count)
    join(app, members)
    practise(
        app,
        [
            session
            for number, member in enumerate(members)
            for session in sessions(member, **{"fluency": 50 + number / 2, **fields})
        ],
    )
    return members
