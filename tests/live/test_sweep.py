"""`flask live sweep`: what is gone is removed, what is abandoned is saved once if so wanted."""

from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.factories import Learner
from tests.live.practising import age, beat, begin, cancel, kept, live
from tests.sessions.test_races import at_once
from vorex_sessions.database import locks
from vorex_sessions.extensions import db
from vorex_sessions.live import store, sweeping
from vorex_sessions.live.sweeping import Swept


@pytest.fixture
def saving(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """The app with LIVE_SAVE_ABANDONED."""
    monkeypatch.setitem(app.config, "LIVE_SAVE_ABANDONED", True)
    return app


def sweep(app: Flask, status: int = 0) -> str:
    result = app.test_cli_runner().invoke(args=["live", "sweep"])
    assert result.exit_code == status, result.output
    return str(result.output)


def sweep_now(app: Flask) -> Swept:
    """Sweep in a thread, where no command can run."""
    with app.app_context():
        return sweeping.sweep(datetime.now(UTC), save_abandoned=True)


def test_what_is_gone_is_removed_and_the_rest_stays(app: Flask, learner: Learner) -> None:
    ids = [begin(learner) for _ in range(4)]
    age(learner, ids[0], hours=23)
    age(learner, ids[1], hours=24)
    cancel(learner, ids[2])
    age(learner, ids[2], hours=24)
    assert sweep(app) == "Saved 0 abandoned sessions, removed 2 live sessions unsaved.\n"
    assert {one["session_result_id"] for one in live(learner)} == {ids[0], ids[3]}
    assert learner.count() == 0


def test_an_abandoned_session_is_saved_with_what_its_heartbeats_prove(
    saving: Flask, learner: Learner
) -> None:
    session_id = begin(
        learner,
        active_seconds=45,
        words_spoken=33,
        topics=["travel"],
        language="es",
        timezone="Europe/Berlin",
        grammar_score=71.5,
        metadata={"scenario_id": "hotel"},
    )
    other_id = begin(learner)
    age(learner, session_id, minutes=31)
    (abandoned,) = [one for one in live(learner) if one["session_result_id"] == session_id]
    assert abandoned["state"] == "abandoned"
    assert sweep(saving) == "Saved 1 abandoned session, removed 0 live sessions unsaved.\n"
    (saved,) = learner.get("/history")["sessions"]
    assert saved["session_result_id"] == session_id
    assert saved["completed_at"] == abandoned["heartbeat_at"]
    assert saved["duration_seconds"] == 45
    assert saved["metadata"] == {"scenario_id": "hotel", "ended": "abandoned"}
    for name in ("words_spoken", "topics", "language", "timezone", "grammar_score"):
        assert saved[name] == abandoned[name]
    assert [one["session_result_id"] for one in live(learner)] == [other_id]
    assert beat(learner, session_id, 2).status_code == 409


def test_an_abandoned_session_is_saved_however_late_the_sweep_comes(
    saving: Flask, learner: Learner
) -> None:
    session_id = begin(learner)
    age(learner, session_id, hours=60)
    sweep(saving)
    assert learner.count() == 1
    assert kept(learner) == 0


def test_the_largest_metadata_can_be_saved_with_the_mark(saving: Flask, learner: Learner) -> None:
    numbers = {"n": [1e300] * 54, "t": ""}  # 301 digits each, as PostgreSQL writes them
    room = 16 * 1024 - 32 - len('{"n":[],"t":""}') - 54 * 302 + 1
    numbers["t"] = "x" * room
    session_id = begin(learner, metadata=numbers)
    age(learner, session_id, hours=1)
    assert sweep(saving).startswith("Saved 1")


def test_many_are_saved_page_by_page(saving: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeping, "_PAGE", store.due(2))
    people = [Learner(saving) for _ in range(5)]
    for person in people:
        for session_id in (begin(person), begin(person)):
            age(person, session_id, hours=2)
    assert sweep(saving).startswith("Saved 10 ")
    assert [person.count() for person in people] == [2] * 5


def test_several_sweeps_at_once_save_each_session_once(saving: Flask, learner: Learner) -> None:
    ids = [begin(learner) for _ in range(8)]
    for session_id in ids:
        age(learner, session_id, hours=1)
    assert sum(swept.saved for swept in at_once(*[lambda: sweep_now(saving)] * 4)) == 8
    assert learner.count() == 8
    assert kept(learner) == 0
    assert learner.get("/stats", period="all")["total_sessions"] == 8


def test_what_an_import_has_brought_meanwhile_is_not_saved_again(
    saving: Flask, learner: Learner
) -> None:
    session_id = begin(learner)
    age(learner, session_id, hours=1)
    with saving.app_context(), db.engine.begin() as connection:  # past the removal of a save
        connection.execute(
            sa.text(
                "INSERT INTO deleted_sessions (user_id, session_result_id, deleted_at) "
                "VALUES (:learner, :session, now())"
            ),
            {"learner": learner.id, "session": session_id},
        )
    assert sweep(saving) == "Saved 0 abandoned sessions, removed 1 live session unsaved.\n"
    assert kept(learner) == 0


def test_a_learner_whose_lock_is_held_is_left_to_the_next_sweep(
    saving: Flask, learner: Learner
) -> None:
    session_id = begin(learner)
    age(learner, session_id, hours=30)
    with saving.app_context(), db.engine.connect() as connection:
        key = {"key": locks.key(learner.id)}
        connection.execute(sa.text("SELECT pg_advisory_lock(:key)"), key)
        assert "1 session could not be saved just now" in sweep(saving, status=1)
        assert kept(learner) == 1
        connection.execute(sa.text("SELECT pg_advisory_unlock(:key)"), key)
    assert sweep(saving).startswith("Saved 1 ")


SLOW = """
CREATE FUNCTION be_slow() RETURNS trigger LANGUAGE plpgsql
    AS $$ BEGIN PERFORM pg_sleep(3); RETURN NEW; END $$;
CREATE TRIGGER slow BEFORE INSERT ON session_results FOR EACH ROW
    WHEN (NEW.user_id = '{learner}') EXECUTE FUNCTION be_slow()
"""


@pytest.mark.limits_of_time
def test_a_learner_whose_save_takes_too_long_delays_no_other(saving: Flask) -> None:
    slow, other = Learner(saving, "00000000-0000-4000-8000-000000000001"), Learner(saving)
    for person in (slow, other):
        age(person, begin(person), hours=1)
    with saving.app_context(), db.engine.begin() as connection:
        connection.exec_driver_sql(SLOW.format(learner=slow.id))
        try:
            assert "Saved 1 abandoned session, removed 0" in sweep(saving, status=1)
        finally:
            connection.exec_driver_sql("DROP TRIGGER slow ON session_results")
            connection.exec_driver_sql("DROP FUNCTION be_slow")
    assert (slow.count(), other.count()) == (0, 1)
    assert sweep(saving).startswith("Saved 1 ")


@pytest.mark.parametrize("attempt", range(15))
def test_a_heartbeat_racing_a_sweep_either_resumes_the_session_or_is_told_that_it_is_saved(
    saving: Flask, learner: Learner, attempt: int
) -> None:
    session_id = begin(learner)
    age(learner, session_id, minutes=31)
    phone = Learner(learner.app, learner.id)
    _, answer = at_once(
        lambda: sweep_now(saving), lambda: beat(phone, session_id, 2, active_seconds=1000)
    )
    saved, going_on = learner.count(), live(learner)
    assert saved + len(going_on) == 1
    assert answer.status_code == (409 if saved else 200)
    if going_on:
        assert (going_on[0]["seq"], going_on[0]["state"]) == (2, "active")


@pytest.mark.parametrize("attempt", range(15))
def test_heartbeats_racing_a_save_leave_nothing_live(learner: Learner, attempt: int) -> None:
    session_id = begin(learner)
    phones = [Learner(learner.app, learner.id) for _ in range(3)]
    saves: list[dict[str, Any]] = []
    answers = at_once(
        lambda: saves.append(learner.save(session_result_id=session_id)),
        *(
            lambda phone=phone, seq=seq: beat(phone, session_id, seq).status_code
            for seq, phone in enumerate(phones, 2)
        ),
    )
    assert {200, 409} >= set(answers[1:])
    assert len(saves) == 1
    assert kept(learner) == 0
    assert beat(learner, session_id, 99).status_code == 409
