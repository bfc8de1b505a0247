"""Repeated statements are planned once per connection."""

import re
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import DBAPIError

from tests.factories import Learner, content
from tests.postgres import transaction
from tests.statements import recorded
from vorex_sessions import create_app
from vorex_sessions.database import locks, prepared, run
from vorex_sessions.extensions import db


@pytest.fixture
def fresh(app: Flask, settings: dict) -> Iterator[Flask]:
    """An app with one connection, which has prepared no statement yet."""
    single = create_app({**settings, "DB_POOL_SIZE": 1})
    yield single
    with single.app_context():
        db.engine.dispose()


def plan_counts(sent: list[str]) -> tuple[int, int]:
    """Return how many statements were prepared and how many were executed."""
    text = "\n".join(sent)
    return text.count("PREPARE plan_"), text.count("EXECUTE plan_")


def test_a_connection_plans_a_statement_once_and_takes_no_round_trip_more(fresh: Flask) -> None:
    first, second = Learner(fresh), Learner(fresh)
    with recorded(fresh) as sent:
        first.save()
    trips = len(sent)
    # The session, the version, the totals; which unlocks there are, and new ones.
    assert plan_counts(sent) == (5, 5)
    with recorded(fresh) as sent:
        second.save()
    assert plan_counts(sent) == (0, 5)
    assert len(sent) == trips
    for path in (
        *("/warmup", "/stats?period=week", "/stats?period=year", "/stats?period=all"),
        *("/daily-breakdown", "/history?limit=1", "/streak", "/achievements"),
    ):
        with recorded(fresh) as sent:
            answers = [
                learner.request("GET", f"/api/sessions{path}").get_json()
                for learner in (first, second, first)
            ]
        assert plan_counts(sent) == (1, 3), path
        assert answers[0] == answers[2]
    assert first.get("/history")["sessions"] != second.get("/history")["sessions"]


def test_history_with_filters_is_planned_for_what_they_say(fresh: Flask) -> None:
    learner = Learner(fresh)
    learner.save()
    with recorded(fresh) as sent:
        assert learner.get("/history", session_type="roleplay")["total"] == 0
        assert learner.get("/history", offset=1)["sessions"] == []
    assert plan_counts(sent) == (1, 1)


def test_a_statement_that_was_not_reached_is_prepared_the_next_time(fresh: Flask) -> None:
    learner = Learner(fresh)
    other = create_app(dict(fresh.config))
    with other.app_context(), transaction(10) as connection:
        connection.exec_driver_sql(locks.acquire(learner.id))
        with recorded(fresh) as sent:
            assert learner.try_save(content()).status_code == 503
        assert plan_counts(sent) == (1, 1)
    with recorded(fresh) as sent:
        learner.save()
    assert plan_counts(sent) == (5, 5)
    learner.save()


def test_a_statement_that_fails_once_planned_can_be_asked_again(fresh: Flask) -> None:
    divide = prepared(sa.text("SELECT 12 / CAST(:by AS integer) AS part"))
    with fresh.app_context(), recorded(fresh) as sent:
        with pytest.raises(DBAPIError):
            run(divide, {"by": 0})
        assert [run(divide, {"by": by})[0].part for by in (3, 4, 2)] == [4, 3, 6]
    assert plan_counts(sent) == (2, 4)


def test_a_newer_schema_leaves_kept_plans_in_force(fresh: Flask) -> None:
    learner = Learner(fresh)
    learner.save(vocabulary_learned=["reservation"], skills=[{"skill": "rhythm", "score": 50}])
    before = learner.get("/warmup")
    with fresh.app_context(), db.engine.connect() as connection:
        for table in ("session_results", "learner_skills", "learner_totals", "learner_words"):
            connection.exec_driver_sql(f"ALTER TABLE {table} ADD COLUMN added integer DEFAULT 7")
    try:
        assert learner.get("/warmup") == before
        learner.save()
        assert learner.get("/stats")["total_sessions"] == 2
    finally:
        with fresh.app_context(), db.engine.connect() as connection:
            for table in ("session_results", "learner_skills", "learner_totals", "learner_words"):
                connection.exec_driver_sql(f"ALTER TABLE {table} DROP COLUMN added")


def test_behind_a_transaction_pooler_nothing_is_prepared(app: Flask, settings: dict) -> None:
    behind = create_app({**settings, "DB_TRANSACTION_POOLER": True})
    learner = Learner(behind)
    with recorded(behind) as sent:
        learner.save()
        learner.get("/warmup")
    assert plan_counts(sent) == (0, 0)
    with behind.app_context():
        db.engine.dispose()


PATHS = (
    *("/warmup", "/stats?period=week", "/stats?period=all", "/daily-breakdown", "/history?limit=1"),
    *("/streak", "/achievements", "/vocabulary", "/skills"),
)


def statuses(learner: Learner, paths: tuple[str, ...] = PATHS) -> dict[str, int]:
    return {path: learner.request("GET", f"/api/sessions{path}").status_code for path in paths}


def test_a_column_that_changes_its_type_under_kept_plans_is_no_error(app: Flask) -> None:
    """On several connections, each with plans of its own."""
    learner = Learner(app)
    learner.save(vocabulary_learned=["reservation"])
    before = statuses(learner)
    assert set(before.values()) == {200}
    stored_id = learner.save()["session_result_id"]
    changes = ("varchar(64)", "text")
    for kind in changes:
        with app.app_context(), ExitStack() as held:
            for _ in range(3):  # warm connections
                held.enter_context(db.engine.connect())
        statuses(learner)
        with app.app_context(), db.engine.connect() as connection:
            for table in ("session_results", "learner_totals"):
                connection.exec_driver_sql(f"ALTER TABLE {table} ALTER COLUMN timezone TYPE {kind}")
        assert statuses(learner) == before
        learner.save()
        path = f"/api/sessions/{stored_id}"
        assert learner.request("PATCH", path, json={"words_spoken": 5}).status_code == 200


def test_a_type_that_changes_between_two_requests_costs_one_new_connection(fresh: Flask) -> None:
    learner = Learner(fresh)
    learner.save()
    learner.get("/stats")
    with fresh.app_context():
        before = backend()
        with db.engine.connect() as connection:
            connection.exec_driver_sql(
                "ALTER TABLE session_results ALTER COLUMN session_type TYPE varchar(64)"
            )
    try:
        learner.get("/stats")
        with fresh.app_context():
            renewed = backend()
            assert renewed != before
        learner.get("/stats")
        with fresh.app_context():
            assert backend() == renewed
    finally:
        with fresh.app_context(), db.engine.connect() as connection:
            connection.exec_driver_sql(
                "ALTER TABLE session_results ALTER COLUMN session_type TYPE text"
            )


def backend() -> int:
    return int(run(sa.text("SELECT pg_backend_pid() AS pid"))[0].pid)


def test_plans_that_are_gone_behind_our_back_are_no_error(fresh: Flask) -> None:
    learner = Learner(fresh)
    learner.save()
    before = {path: learner.get(path) for path in ("/streak", "/skills")}
    with fresh.app_context(), db.engine.connect() as connection:
        connection.exec_driver_sql("DEALLOCATE ALL")
    learner.save()
    assert {path: learner.get(path).keys() for path in before} == {
        path: answer.keys() for path, answer in before.items()
    }
    assert learner.count() == 2
    with recorded(fresh) as sent:  # whatever takes plans away does so again
        learner.save()
    assert plan_counts(sent) == (0, 0)


def test_a_name_that_is_taken_is_no_error(fresh: Flask, app: Flask) -> None:
    statement = prepared(sa.text("SELECT CAST(:value AS integer) + 1 AS next"))
    with app.app_context(), recorded(app) as sent:
        run(statement, {"value": 1})
    (name,) = re.findall(r"PREPARE (\w+) AS", "".join(sent))
    with fresh.app_context():
        with db.engine.connect() as connection:
            connection.exec_driver_sql(f"PREPARE {name} (integer) AS SELECT $1 + 1 AS next")
        assert run(statement, {"value": 41})[0].next == 42


def test_a_name_stands_for_one_text_on_every_connection(fresh: Flask, settings: dict) -> None:
    """So that behind a pooler no EXECUTE runs another statement's plan."""
    other = create_app({**settings, "DB_POOL_SIZE": 1})
    texts = [f"SELECT CAST(:value AS integer) + {number} AS sum" for number in range(3)]
    names = []
    for app, order in ((fresh, texts), (other, texts[::-1])):
        with app.app_context(), recorded(app) as sent:
            for text in order:
                run(prepared(sa.text(text)), {"value": 1})
            db.engine.dispose()
        names.append(dict(re.findall(r"PREPARE (\w+) AS (.*);", "\n".join(sent))))
    assert names[0] == names[1]
    assert len(names[0]) == 3
