"""Statistics of all time are the same with and without a rollup, after any changes."""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.clock import ago
from tests.factories import Learner, content
from tests.postgres import transaction
from tests.sessions.changes import alter
from tests.sessions.test_races import at_once, clones, save_patiently
from tests.statements import recorded
from vorex_sessions.database import locks, run
from vorex_sessions.extensions import db
from vorex_sessions.progress import rollups
from vorex_sessions.progress.queries import EVER

_KEPT = sa.text("SELECT before FROM learner_rollups WHERE user_id = CAST(:id AS uuid)")
_REMOVED = sa.text("DELETE FROM learner_rollups WHERE user_id = CAST(:id AS uuid)")
_DEFAULT_MANY = rollups.MANY


def rollup_end(learner: Learner) -> datetime | None:
    """Return the end of the learner's rollup, or None."""
    with learner.app.app_context(), transaction() as connection:
        return connection.execute(_KEPT, {"id": learner.id}).scalar()


def all_time_stats(learner: Learner, **filters: str) -> dict[str, Any]:
    return learner.get("/stats", period="all", **filters)


def without_rollup(learner: Learner, **filters: str) -> dict[str, Any]:
    """Return the same answer, computed from the sessions alone."""
    with learner.app.app_context(), transaction() as connection:
        connection.execute(_REMOVED, {"id": learner.id})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rollups, "MANY", _DEFAULT_MANY)
        return all_time_stats(learner, **filters)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a rollup from three old sessions on."""
    monkeypatch.setattr(rollups, "MANY", 3)


@pytest.fixture
def rolled_up(learner: Learner, few: None) -> Learner:
    """A learner with a rollup of four sessions, and one session that is not in it."""
    for days in (40, 30, 20, 19, 2):
        learner.save(completed_at=ago(days), topics=[f"topic {days}"], fluency_score=days)
    all_time_stats(learner)
    assert rollup_end(learner)
    return learner


def test_only_who_asks_and_has_many_old_sessions_has_a_rollup(learner: Learner, few: None) -> None:
    for days in (1, 5, 13, 20, 20):
        learner.save(completed_at=ago(days))
    all_time_stats(learner)
    assert rollup_end(learner) is None
    learner.save(completed_at=ago(30))
    assert rollup_end(learner) is None
    learner.get("/stats", period="year")
    all_time_stats(learner, session_type="roleplay")
    assert rollup_end(learner) is None
    all_time_stats(learner)
    until = rollup_end(learner)
    assert until
    assert until <= datetime.now(UTC) - rollups.SETTLED < until + timedelta(days=1)


def test_what_is_in_a_rollup_is_not_read_again(app: Flask, rolled_up: Learner) -> None:
    with app.app_context():
        rows = run(rollups.EVERYTHING, {"user_id": rolled_up.id, **EVER})
    assert [row.sessions for row in rows if row.kind == "figures"] == [1]
    assert [row.name for row in rows if row.kind == "topic"] == ["topic 2"]
    with recorded(app) as sent:
        answer = all_time_stats(rolled_up)
    assert len(sent) == 1
    assert answer["total_sessions"] == 5
    assert answer == without_rollup(rolled_up)


@pytest.mark.parametrize(
    ("days", "lasts"), [(0, True), (13, True), (15.1, False), (35, False), (400, False)]
)
def test_a_save_removes_a_rollup_that_it_belongs_to(
    rolled_up: Learner, days: float, lasts: bool
) -> None:
    rolled_up.save(completed_at=ago(days), topics=["late"])
    assert bool(rollup_end(rolled_up)) == lasts
    answer = all_time_stats(rolled_up)
    assert {"topic": "late", "count": 1} in answer["common_topics"]
    assert answer == without_rollup(rolled_up)


def test_the_end_of_a_rollup_is_exact(rolled_up: Learner) -> None:
    until = rollup_end(rolled_up)
    assert until
    rolled_up.save(completed_at=until.isoformat())
    assert rollup_end(rolled_up) == until
    assert all_time_stats(rolled_up)["total_sessions"] == 6
    batch = [
        content(completed_at=instant.isoformat())
        for instant in (until, until - timedelta(microseconds=1))
    ]
    rolled_up.request("POST", "/api/sessions/batch", json={"sessions": batch})
    assert rollup_end(rolled_up) is None
    assert all_time_stats(rolled_up)["total_sessions"] == 8


def test_a_correction_or_a_deletion_removes_a_rollup(rolled_up: Learner) -> None:
    oldest = rolled_up.get("/history")["sessions"][-1]["session_result_id"]
    path = f"/api/sessions/{oldest}"
    assert rolled_up.request("PATCH", path, json={"topics": ["corrected"]}).status_code == 200
    assert rollup_end(rolled_up) is None
    answer = all_time_stats(rolled_up)
    assert {"topic": "corrected", "count": 1} in answer["common_topics"]
    assert rollup_end(rolled_up)
    assert rolled_up.request("DELETE", path).status_code == 204
    assert rollup_end(rolled_up) is None
    assert all_time_stats(rolled_up)["total_sessions"] == 4


def test_what_changes_after_the_end_of_a_rollup_leaves_it(rolled_up: Learner) -> None:
    until = rollup_end(rolled_up)
    latest = rolled_up.get("/history")["sessions"][0]["session_result_id"]
    path = f"/api/sessions/{latest}"
    patched = rolled_up.request("PATCH", path, json={"topics": ["new"], "fluency_score": 1})
    assert patched.status_code == 200
    rolled_up.get("/streak")  # rebuilds the totals
    assert rollup_end(rolled_up) == until
    assert {"topic": "new", "count": 1} in all_time_stats(rolled_up)["common_topics"]
    assert rolled_up.request("DELETE", path).status_code == 204
    assert rolled_up.request("DELETE", path).status_code == 204
    assert rollup_end(rolled_up) == until
    moved = rolled_up.save()["session_result_id"]
    change = {"completed_at": ago(50)}
    assert rolled_up.request("PATCH", f"/api/sessions/{moved}", json=change).status_code == 200
    assert rollup_end(rolled_up) is None
    answer = all_time_stats(rolled_up)
    assert answer["total_sessions"] == 5
    assert answer == without_rollup(rolled_up)


def test_nothing_is_kept_of_who_was_erased_meanwhile(
    app: Flask, rolled_up: Learner, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert without_rollup(rolled_up)["total_sessions"] == 5
    read = rollups.run

    def read_and_erase(*arguments: Any) -> Any:
        rows = read(*arguments)
        rolled_up.request("DELETE", "/api/sessions?confirm=true")
        return rows

    monkeypatch.setattr(rollups, "run", read_and_erase)
    assert all_time_stats(rolled_up)["total_sessions"] == 5
    monkeypatch.setattr(rollups, "run", read)
    assert rollup_end(rolled_up) is None
    assert all_time_stats(rolled_up)["total_sessions"] == 0


def test_a_rollup_that_outlived_an_erasure_goes_with_the_replay(
    app: Flask, rolled_up: Learner
) -> None:
    rolled_up.request("DELETE", "/api/sessions?confirm=true")
    insert = sa.text(
        "INSERT INTO learner_rollups VALUES (CAST(:id AS uuid), now() - interval '15 days', '[]')"
    )
    # As left by a process of the previous release, which does not know rollups.
    with app.app_context(), transaction() as connection:
        connection.execute(insert, {"id": rolled_up.id})
    assert app.test_cli_runner().invoke(args=["privacy", "replay"], input="").exit_code == 0
    assert rollup_end(rolled_up) is None


def test_a_learner_of_too_many_topics_has_no_rollup(
    rolled_up: Learner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollups, "_STORE", rollups._store(most=4))
    answer = without_rollup(rolled_up)
    assert all_time_stats(rolled_up) == answer
    assert rollup_end(rolled_up) is None


def test_a_purge_and_a_rebuild_remove_a_rollup(
    app: Flask, rolled_up: Learner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "SESSION_RETENTION_DAYS", 25)
    assert app.test_cli_runner().invoke(args=["privacy", "purge"]).exit_code == 0
    assert rollup_end(rolled_up) is None
    assert all_time_stats(rolled_up)["total_sessions"] == 3
    with app.app_context():
        rollups.roll_up(rolled_up.id, datetime.now(UTC))
    assert rollup_end(rolled_up)
    assert app.test_cli_runner().invoke(args=["growth", "rebuild"]).exit_code == 0
    assert rollup_end(rolled_up) is None


def test_a_rollup_moves_on_when_enough_has_grown_old(
    app: Flask, rolled_up: Learner, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = rollup_end(rolled_up)
    for days in (13, 12, 11):
        rolled_up.save(completed_at=ago(days))
    all_time_stats(rolled_up)
    assert rollup_end(rolled_up) == first
    monkeypatch.setattr(rollups, "SETTLED", timedelta(days=8))
    answer = all_time_stats(rolled_up)
    last = rollup_end(rolled_up)
    assert first
    assert last
    assert last > first
    assert all_time_stats(rolled_up) == answer == without_rollup(rolled_up)


def test_who_cannot_keep_a_rollup_gets_the_answer_all_the_same(
    app: Flask, learner: Learner, few: None
) -> None:
    for days in (40, 30, 20):
        learner.save(completed_at=ago(days))
    with app.app_context(), transaction(10) as connection:
        connection.exec_driver_sql(locks.acquire(learner.id))
        assert all_time_stats(learner)["total_sessions"] == 3  # on another connection
    assert rollup_end(learner) is None
    with app.app_context():
        sa.event.listen(db.engine, "connect", _read_only)
        db.engine.dispose()
        try:
            assert all_time_stats(learner)["total_sessions"] == 3
        finally:
            sa.event.remove(db.engine, "connect", _read_only)
            db.engine.dispose()
    assert rollup_end(learner) is None
    assert all_time_stats(learner)["total_sessions"] == 3
    assert rollup_end(learner)


def _read_only(connection: Any, record: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_read_only = on")


def practice(random: Random) -> dict[str, Any]:
    return content(
        session_type=random.choice(["conversation", "pronunciation", "roleplay"]),
        duration_seconds=random.randrange(900),
        words_spoken=random.randrange(300),
        fluency_score=random.choice([None, 33.3, 85.5, 100]),
        topics=random.sample(["travel", "Travel", "hotels", "food"], 2),
        areas_to_improve=random.sample(["past tense", "articles"], 1),
        completed_at=ago(random.choice([0, 3, 6, 13, 13, 14, 15, 40]) + random.random()),
        timezone=random.choice(["UTC", "Pacific/Kiritimati", "America/Los_Angeles"]),
    )


@pytest.mark.parametrize("seed", range(4))
def test_everything_agrees_with_the_sessions_after_anything(
    learner: Learner, few: None, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(learner.app.config, "RATELIMIT_WRITES", 100_000)
    monkeypatch.setitem(learner.app.config, "RATELIMIT_READS", 100_000)
    random = Random(seed)  # no secret
    stored: list[str] = []
    lasted = 0  # rollups that outlived a change
    for _ in range(120):
        what = random.choices(["save", "at once", "batch", "patch", "delete"], [6, 1, 1, 2, 1])[0]
        if what == "save" or not stored:
            stored.append(learner.save(**practice(random))["session_result_id"])
        elif what == "at once":  # one thread reads meanwhile
            reader, *savers = clones(learner, 3)
            saves = [(phone, content(**practice(random))) for phone in savers]
            answers = at_once(
                lambda reader=reader: all_time_stats(reader),
                *(
                    lambda phone=phone, body=body: save_patiently(phone, body)
                    for phone, body in saves
                ),
            )
            stored += [answer.get_json()["session_result_id"] for answer in answers[1:]]
        else:
            alter(learner, random, what, stored, practice)
        if random.random() < 0.5:
            lasted += rollup_end(learner) is not None
            answer = all_time_stats(learner)
            filtered = all_time_stats(learner, session_type="roleplay")
            assert answer["total_sessions"] == len(stored)
            if random.random() < 0.5:
                assert answer == without_rollup(learner)
                assert filtered == without_rollup(learner, session_type="roleplay")
                all_time_stats(learner)
    assert lasted > 10
