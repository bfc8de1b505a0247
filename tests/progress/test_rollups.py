"""Statistics over everything are the same with and without a rollup, whatever happened meanwhile."""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.factories import Learner, content
from tests.postgres import transaction
from tests.sessions.changes import alter
from tests.sessions.test_races import at_once, clones
from tests.statements import recorded
from vorex_sessions.database import locks
from vorex_sessions.database.queries import run
from vorex_sessions.extensions import db
from vorex_sessions.progress import rollups
from vorex_sessions.progress.queries import EVER

_KEPT = sa.text("SELECT before FROM learner_rollups WHERE user_id = CAST(:id AS uuid)")
_REMOVED = sa.text("DELETE FROM learner_rollups WHERE user_id = CAST(:id AS uuid)")
_STARTED = rollups.MANY


def ago(days: float) -> str:
    return (datetime.now(UTC) - timedelta(days=days)).isoformat()


def kept(learner: Learner) -> datetime | None:
    """The end of the learner's rollup, if there is one."""
    with learner.app.app_context(), transaction() as connection:
        return connection.execute(_KEPT, {"id": learner.id}).scalar()


def everything(learner: Learner, **filters: str) -> dict[str, Any]:
    return learner.get("/stats", period="all", **filters)


def without_rollup(learner: Learner, **filters: str) -> dict[str, Any]:
    """The same answer from the sessions alone."""
    with learner.app.app_context(), transaction() as connection:
        connection.execute(_REMOVED, {"id": learner.id})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rollups, "MANY", _STARTED)
        return everything(learner, **filters)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three old sessions are worth a rollup."""
    monkeypatch.setattr(rollups, "MANY", 3)


@pytest.fixture
def old_hand(learner: Learner, few: None) -> Learner:
    """A learner with a rollup of four sessions, and one session that is not in it."""
    for days in (40, 30, 20, 19, 2):
        learner.save(completed_at=ago(days), topics=[f"topic {days}"], fluency_score=days)
    everything(learner)
    assert kept(learner)
    return learner


def test_only_who_asks_and_has_many_old_sessions_has_a_rollup(learner: Learner, few: None) -> None:
    for days in (1, 5, 13, 20, 20):
        learner.save(completed_at=ago(days))
    everything(learner)
    assert kept(learner) is None
    learner.save(completed_at=ago(30))
    assert kept(learner) is None
    learner.get("/stats", period="year")
    everything(learner, session_type="roleplay")
    assert kept(learner) is None
    everything(learner)
    until = kept(learner)
    assert until
    assert until <= datetime.now(UTC) - rollups.SETTLED < until + timedelta(days=1)


def test_what_is_in_a_rollup_is_not_read_again(app: Flask, old_hand: Learner) -> None:
    with app.app_context():
        rows = run(rollups.EVERYTHING, {"user_id": old_hand.id, **EVER})
    assert [row.sessions for row in rows if row.kind == "figures"] == [1]
    assert [row.name for row in rows if row.kind == "topic"] == ["topic 2"]
    with recorded(app) as sent:
        answer = everything(old_hand)
    assert len(sent) == 1
    assert answer["total_sessions"] == 5
    assert answer == without_rollup(old_hand)


@pytest.mark.parametrize(
    ("days", "lasts"), [(0, True), (13, True), (15.1, False), (35, False), (400, False)]
)
def test_a_save_removes_a_rollup_that_it_belongs_to(
    old_hand: Learner, days: float, lasts: bool
) -> None:
    old_hand.save(completed_at=ago(days), topics=["late"])
    assert bool(kept(old_hand)) == lasts
    answer = everything(old_hand)
    assert {"topic": "late", "count": 1} in answer["common_topics"]
    assert answer == without_rollup(old_hand)


def test_the_end_of_a_rollup_is_exact(old_hand: Learner) -> None:
    until = kept(old_hand)
    assert until
    old_hand.save(completed_at=until.isoformat())
    assert kept(old_hand) == until
    assert everything(old_hand)["total_sessions"] == 6
    batch = [
        content(completed_at=one.isoformat()) for one in (until, until - timedelta(microseconds=1))
    ]
    old_hand.request("POST", "/api/sessions/batch", json={"sessions": batch})
    assert kept(old_hand) is None
    assert everything(old_hand)["total_sessions"] == 8


def test_a_correction_or_a_deletion_removes_a_rollup(old_hand: Learner) -> None:
    oldest = old_hand.get("/history")["sessions"][-1]["session_result_id"]
    path = f"/api/sessions/{oldest}"
    assert old_hand.request("PATCH", path, json={"topics": ["corrected"]}).status_code == 200
    assert kept(old_hand) is None
    answer = everything(old_hand)
    assert {"topic": "corrected", "count": 1} in answer["common_topics"]
    assert kept(old_hand)
    assert old_hand.request("DELETE", path).status_code == 204
    assert kept(old_hand) is None
    assert everything(old_hand)["total_sessions"] == 4


def test_what_changes_after_the_end_of_a_rollup_leaves_it(old_hand: Learner) -> None:
    until = kept(old_hand)
    latest = old_hand.get("/history")["sessions"][0]["session_result_id"]
    path = f"/api/sessions/{latest}"
    patched = old_hand.request("PATCH", path, json={"topics": ["new"], "fluency_score": 1})
    assert patched.status_code == 200
    old_hand.get("/streak")  # makes the totals anew
    assert kept(old_hand) == until
    assert {"topic": "new", "count": 1} in everything(old_hand)["common_topics"]
    assert old_hand.request("DELETE", path).status_code == 204
    assert old_hand.request("DELETE", path).status_code == 204
    assert kept(old_hand) == until
    moved = old_hand.save()["session_result_id"]
    change = {"completed_at": ago(50)}
    assert old_hand.request("PATCH", f"/api/sessions/{moved}", json=change).status_code == 200
    assert kept(old_hand) is None
    answer = everything(old_hand)
    assert answer["total_sessions"] == 5
    assert answer == without_rollup(old_hand)


def test_nothing_is_kept_of_who_was_erased_meanwhile(
    app: Flask, old_hand: Learner, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert without_rollup(old_hand)["total_sessions"] == 5
    read = rollups.run

    def read_and_erase(*asked: Any) -> Any:
        rows = read(*asked)
        old_hand.request("DELETE", "/api/sessions?confirm=true")
        return rows

    monkeypatch.setattr(rollups, "run", read_and_erase)
    assert everything(old_hand)["total_sessions"] == 5
    monkeypatch.setattr(rollups, "run", read)
    assert kept(old_hand) is None
    assert everything(old_hand)["total_sessions"] == 0


def test_a_rollup_that_outlived_an_erasure_goes_with_the_replay(
    app: Flask, old_hand: Learner
) -> None:
    old_hand.request("DELETE", "/api/sessions?confirm=true")
    left = sa.text(
        "INSERT INTO learner_rollups VALUES (CAST(:id AS uuid), now() - interval '15 days', '[]')"
    )
    # As a process of the release before leaves it, which does not know of rollups.
    with app.app_context(), transaction() as connection:
        connection.execute(left, {"id": old_hand.id})
    assert app.test_cli_runner().invoke(args=["privacy", "replay"], input="").exit_code == 0
    assert kept(old_hand) is None


def test_a_learner_of_too_many_topics_has_no_rollup(
    old_hand: Learner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollups, "_STORE", rollups._store(most=4))
    answer = without_rollup(old_hand)
    assert everything(old_hand) == answer
    assert kept(old_hand) is None


def test_a_purge_and_a_rebuild_remove_a_rollup(
    app: Flask, old_hand: Learner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "SESSION_RETENTION_DAYS", 25)
    assert app.test_cli_runner().invoke(args=["privacy", "purge"]).exit_code == 0
    assert kept(old_hand) is None
    assert everything(old_hand)["total_sessions"] == 3
    with app.app_context():
        rollups.roll_up(old_hand.id, datetime.now(UTC))
    assert kept(old_hand)
    assert app.test_cli_runner().invoke(args=["growth", "rebuild"]).exit_code == 0
    assert kept(old_hand) is None


def test_a_rollup_moves_on_when_enough_has_grown_old(
    app: Flask, old_hand: Learner, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = kept(old_hand)
    for days in (13, 12, 11):
        old_hand.save(completed_at=ago(days))
    everything(old_hand)
    assert kept(old_hand) == first
    monkeypatch.setattr(rollups, "SETTLED", timedelta(days=8))
    answer = everything(old_hand)
    last = kept(old_hand)
    assert first
    assert last
    assert last > first
    assert everything(old_hand) == answer == without_rollup(old_hand)


def test_who_cannot_keep_a_rollup_gets_the_answer_all_the_same(
    app: Flask, learner: Learner, few: None
) -> None:
    for days in (40, 30, 20):
        learner.save(completed_at=ago(days))
    with app.app_context(), transaction(10) as connection:
        connection.exec_driver_sql(locks.acquire(learner.id))
        assert everything(learner)["total_sessions"] == 3  # asked on another connection
    assert kept(learner) is None
    with app.app_context():
        sa.event.listen(db.engine, "connect", _read_only)
        db.engine.dispose()
        try:
            assert everything(learner)["total_sessions"] == 3
        finally:
            sa.event.remove(db.engine, "connect", _read_only)
            db.engine.dispose()
    assert kept(learner) is None
    assert everything(learner)["total_sessions"] == 3
    assert kept(learner)


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
        elif what == "at once":  # one of them asks meanwhile
            asking, *saving = clones(learner, 3)
            said = [(phone, content(**practice(random))) for phone in saving]
            answers = at_once(
                lambda asking=asking: everything(asking),
                *(lambda phone=phone, one=one: phone.try_save(one) for phone, one in said),
            )
            stored += [answer.get_json()["session_result_id"] for answer in answers[1:]]
        else:
            alter(learner, random, what, stored, practice)
        if random.random() < 0.5:
            lasted += kept(learner) is not None
            answer = everything(learner)
            filtered = everything(learner, session_type="roleplay")
            assert answer["total_sessions"] == len(stored)
            if random.random() < 0.5:
                assert answer == without_rollup(learner)
                assert filtered == without_rollup(learner, session_type="roleplay")
                everything(learner)
    assert lasted > 10
