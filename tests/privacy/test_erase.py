"""Erasing everything about a learner."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.factories import Learner, content, pointers
from vorex_sessions.extensions import db
from vorex_sessions.privacy.erasure import erase as erase_learner


def erase(learner: Learner) -> int:
    response = learner.request("DELETE", "/api/sessions?confirm=true")
    assert response.status_code == 200
    return response.get_json()["deleted"]


def test_everything_is_erased_and_counted(learner: Learner, other: Learner) -> None:
    for _ in range(3):
        learner.save()
    other.save()
    assert erase(learner) == 3
    assert erase(learner) == 0
    assert learner.count() == 0
    assert other.count() == 1
    assert learner.get("/warmup")["last_session_summary"] is None


@pytest.mark.parametrize(
    "query", ["", "?confirm=", "?confirm=True", "?confirm=1", "?confirm=false"]
)
def test_without_exactly_confirm_nothing_is_erased(learner: Learner, query: str) -> None:
    learner.save()
    assert pointers(learner.request("DELETE", f"/api/sessions{query}")) == ["confirm"]
    assert learner.count() == 1


def test_erased_sessions_cannot_come_back(learner: Learner) -> None:
    session_id = learner.save(session_result_id=str(uuid4()))["session_result_id"]
    erase(learner)
    assert learner.try_save(content(session_result_id=session_id)).status_code == 410
    assert learner.request("DELETE", f"/api/sessions/{session_id}").status_code == 204


def test_what_was_completed_before_the_erasure_cannot_arrive_after_it(learner: Learner) -> None:
    earlier = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
    erase(learner)
    assert learner.try_save(content(completed_at=earlier)).status_code == 410
    assert learner.try_save(content()).status_code == 201
    assert learner.count() == 1


def test_a_closed_learner_saves_nothing_more(in_app: Flask, learner: Learner) -> None:
    learner.save()
    assert erase_learner(learner.id, now=datetime.now(UTC), close=True) == 1
    assert learner.try_save(content()).status_code == 410
    erase(learner)  # does not open the account again
    assert learner.try_save(content()).status_code == 410


def test_an_erasure_forgets_nothing_of_an_earlier_one(in_app: Flask, learner: Learner) -> None:
    now = datetime.now(UTC)
    erase_learner(learner.id, now=now)
    erase_learner(learner.id, now=now - timedelta(days=1))
    early = (now - timedelta(hours=1)).isoformat()
    assert learner.try_save(content(completed_at=early)).status_code == 410


def test_tombstones_hold_an_id_a_time_and_a_version_and_nothing_else(in_app: Flask) -> None:
    columns = {
        table: {column["name"] for column in sa.inspect(db.engine).get_columns(table)}
        for table in ("deleted_sessions", "erased_learners")
    }
    assert columns == {
        "deleted_sessions": {"user_id", "session_result_id", "deleted_at", "version"},
        "erased_learners": {"user_id", "erased_at", "closed", "version"},
    }
