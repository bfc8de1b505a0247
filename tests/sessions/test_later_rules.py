"""A rule that came later than a stored session: a save that repeats the session stays a replay."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4, uuid5

import orjson
import pytest
import sqlalchemy as sa
from flask import Flask

import config
from tests import postgres
from tests.factories import SECRET, Learner, content, pointers, sendable, stored
from vorex_sessions import create_app
from vorex_sessions.database.migrate import upgrade
from vorex_sessions.extensions import db
from vorex_sessions.sessions.fingerprint import fingerprint
from vorex_sessions.sessions.results import DEFAULTS

# What a release before stored and the one of today refuses, under DEFAULT_LANGUAGE=de.
LATER = {
    "a language without a graph": ("skills", [{"skill": "rhythm", "score": 80.0}]),
    "metadata that are longer as they are answered": ("metadata", {"x": [1e308] * 100}),
}
EVERY = pytest.mark.parametrize(("field", "value"), LATER.values(), ids=LATER)
_INSERT = sa.text(
    "INSERT INTO session_results (user_id, session_result_id, session_type, duration_seconds, completed_at,"
    " timezone, practiced_on, fingerprint, skills, metadata) VALUES (:user_id, :id, 'conversation', 300,"
    " '2026-03-01Z', 'UTC', '2026-03-01', :fingerprint, CAST(:skills AS jsonb), CAST(:metadata AS jsonb))"
)


@pytest.fixture
def learner(worker_id: str) -> Iterator[Learner]:
    """A learner of a service whose default language has no graph of skills."""
    with postgres.database(f"vorex_later_{worker_id}") as url:
        settings = {"DATABASE_URL": url, "SUPABASE_JWT_SECRET": SECRET, "DEFAULT_LANGUAGE": "de"}
        app: Flask = create_app(config.read(settings))
        with app.app_context():
            upgrade()
            yield Learner(app)
            db.session.remove()
            db.engine.dispose()


def store_before(learner: Learner, body: dict[str, Any], session_id: UUID | None = None) -> None:
    """Store a body as a release did that had no such rule."""
    sent = dict(body)
    session_id = session_id or UUID(sent.pop("session_result_id"))
    row = {"skills": [], "metadata": {}, **sent}
    columns = {
        "user_id": learner.id,
        "id": str(session_id),
        "fingerprint": fingerprint(sent, DEFAULTS),
        **{name: orjson.dumps(row[name]).decode() for name in ("skills", "metadata")},
    }
    with db.engine.begin() as connection:
        connection.execute(_INSERT, columns)


@EVERY
def test_a_session_from_before_the_rule_is_replayed(
    learner: Learner, field: str, value: Any
) -> None:
    body = content(session_result_id=str(uuid4()), **{field: value})
    store_before(learner, body)
    again = learner.try_save(body)
    assert (again.status_code, again.headers.get("Idempotency-Replayed")) == (200, "true")
    answered = learner.try_save(sendable(again.get_json()))
    assert (answered.status_code, stored(answered.get_json())) == (200, stored(again.get_json()))
    assert learner.count() == 1


@EVERY
def test_it_is_replayed_by_its_key_and_in_a_batch(learner: Learner, field: str, value: Any) -> None:
    body = content(**{field: value})
    store_before(learner, body, uuid5(UUID(learner.id), "a key"))
    assert learner.try_save(body, **{"Idempotency-Key": "a key"}).status_code == 200
    named = {**body, "session_result_id": str(uuid5(UUID(learner.id), "a key"))}
    items = [named, content(), {**named, "session_result_id": str(uuid4())}, body]
    answer = learner.request("POST", "/api/sessions/batch", json={"sessions": items}).get_json()
    statuses = [result["status"] for result in answer["results"]]
    assert statuses == ["replayed", "created", "rejected", "rejected"]
    assert answer["results"][2]["problem"]["errors"][0]["pointer"].startswith(
        f"#/sessions/2/{field}"
    )


@EVERY
def test_the_rule_holds_for_everything_else(learner: Learner, field: str, value: Any) -> None:
    body = content(session_result_id=str(uuid4()), **{field: value})

    def is_refused(sent: dict[str, Any], **headers: str) -> bool:
        return pointers(learner.try_save(sent, **headers))[0].startswith(f"#/{field}")

    assert is_refused(body)
    assert is_refused(content(**{field: value}))
    assert is_refused(content(**{field: value}), **{"Idempotency-Key": "a key"})
    store_before(learner, body)
    assert is_refused({**body, "duration_seconds": 301})  # other content
    path = f"/api/sessions/{body['session_result_id']}"
    assert pointers(learner.request("PATCH", path, json={field: value}))[0].startswith(f"#/{field}")
    assert learner.request("DELETE", path).status_code == 204
    assert is_refused(body)
    assert learner.count() == 0


def test_of_two_items_with_an_id_the_one_that_may_be_stored_is(learner: Learner) -> None:
    session_id = str(uuid4())
    refused = content(session_result_id=session_id, skills=[{"skill": "rhythm", "score": 80}])
    for items in ([refused, content(session_result_id=session_id)], [refused, refused]):
        answer = learner.request("POST", "/api/sessions/batch", json={"sessions": items})
        statuses = [result["status"] for result in answer.get_json()["results"]]
        assert statuses[0] == "rejected"
        assert statuses[1] == ("created" if items[1] is not refused else "rejected")
