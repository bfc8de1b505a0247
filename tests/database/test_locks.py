"""The learner's lock where the database is of several machines, as it is sent; tests/routing.py judges it."""

import threading
from collections.abc import Iterator
from uuid import uuid4

import pytest
import sqlalchemy as sa
from flask import Flask
from pglast import ast, parse_sql
from werkzeug.test import TestResponse

from tests import routing
from tests.factories import Learner, content
from tests.postgres import transaction
from tests.sent import text_of
from tests.sql_trees import named
from tests.statements import recorded
from vorex_sessions import create_app
from vorex_sessions.database import locks
from vorex_sessions.extensions import db


@pytest.fixture
def distributed(app: Flask, settings: dict) -> Iterator[Flask]:
    """The service as it is set for a database of several machines, on the one of the tests."""
    other = create_app({**settings, "DB_DISTRIBUTED": True})
    yield other
    with other.app_context():
        db.engine.dispose()


def test_the_lock_is_taken_where_the_learner_is_behind_a_write_that_changes_nothing() -> None:
    learner = str(uuid4())
    write, lock = (raw.stmt for raw in parse_sql(locks.acquire(learner, is_distributed=True)))
    assert isinstance(write, ast.DeleteStmt)
    assert write.relation.relname == "learner_totals"
    assert "learner_totals" in named(lock)
    assert routing.judged(locks.acquire(learner, is_distributed=True)) == ()
    assert routing.judged(text_of(locks.TRY_LOCK)) == ()
    assert routing.touched(text_of(locks.STAY)) == (True, True)
    assert routing.LOCK_ELSEWHERE in routing.judged(locks.acquire(learner))


def test_every_write_of_a_learner_begins_with_that_write(distributed: Flask) -> None:
    learner = Learner(distributed)
    with recorded(distributed) as sent:
        session = learner.save()["session_result_id"]
        learner.request("PATCH", f"/api/sessions/{session}", json={"words_spoken": 1})
        learner.request("DELETE", f"/api/sessions/{session}")
        learner.request("DELETE", "/api/sessions?confirm=true")
    begun = [text for text in sent if "pg_advisory" in text]
    assert len(begun) == 4
    for text in begun:
        assert text.removeprefix("BEGIN;").startswith("DELETE FROM learner_totals WHERE user_id = ")


def test_one_machine_is_not_asked_for_it(app: Flask, learner: Learner) -> None:
    with recorded(app) as sent:
        learner.save()
    assert not any("sessions < 0" in text for text in sent)


def test_writes_of_one_learner_take_turns_there_too(distributed: Flask) -> None:
    learner = Learner(distributed)
    learner.save()
    with distributed.app_context(), transaction() as connection:
        connection.exec_driver_sql(locks.acquire(learner.id, is_distributed=True))
        answers: list[int] = []
        phone = Learner(distributed, learner.id)
        thread = threading.Thread(
            target=lambda: answers.append(phone.try_save(content()).status_code)
        )
        thread.start()
        thread.join(timeout=0.5)
        assert thread.is_alive()
    thread.join(timeout=10)
    assert answers == [201]
    assert learner.count() == 2


def test_a_plan_for_all_learners_is_asked_of_one_machine_only(
    app: Flask, distributed: Flask
) -> None:
    def mode(service: Flask) -> str:
        with service.app_context(), db.engine.connect() as connection:
            return str(connection.execute(sa.text("SHOW plan_cache_mode")).scalar_one())

    assert (mode(app), mode(distributed)) == ("force_generic_plan", "auto")
    answer = distributed.test_client().get("/readyz")
    assert answer.status_code == 200, answer.get_json()


def failing_with(learner: Learner, message: str) -> TestResponse:
    """The answer to a save in which PostgreSQL reports an internal error."""
    with learner.app.app_context(), transaction() as connection:
        connection.exec_driver_sql(
            "CREATE FUNCTION lost() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{message}' USING ERRCODE = 'XX000'; END $$; "
            "CREATE TRIGGER lost BEFORE INSERT ON session_results EXECUTE FUNCTION lost()"
        )
    try:
        return learner.try_save(content())
    finally:
        with learner.app.app_context(), transaction() as connection:
            connection.exec_driver_sql("DROP FUNCTION lost() CASCADE")


def test_a_machine_that_was_lost_in_a_commit_is_no_error_of_ours(learner: Learner) -> None:
    answer = failing_with(learner, "could not commit transaction on any active node")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]


def test_any_other_internal_error_is_one(learner: Learner) -> None:
    with pytest.raises(AssertionError, match="undocumented status 500"):
        failing_with(learner, "cache lookup failed")
