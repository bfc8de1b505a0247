"""What unlocks an achievement, and what never does."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import orjson
import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from tests.factories import Learner, content
from tests.growth.test_growth import batch, keys, unlocked
from tests.postgres import transaction
from tests.statements import recorded, statements

pytestmark = pytest.mark.one_and_several

NOON = datetime(2026, 3, 15, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with time_machine.travel(NOON, tick=False):
        yield


def ago(days: float) -> str:
    return (NOON - timedelta(days=days)).isoformat()


def path(session: dict) -> str:
    return f"/api/sessions/{session['session_result_id']}"


def correct(learner: Learner, session: dict, **changes: object) -> dict:
    response = learner.request("PATCH", path(session), json=changes)
    assert response.status_code == 200, response.text
    return orjson.loads(response.data)


def unlocks(app: Flask) -> list[tuple[str, str]]:
    rows = sa.text("SELECT achievement, CAST(session_result_id AS text) FROM learner_achievements")
    with app.app_context(), transaction() as connection:
        return sorted((row[0], row[1]) for row in connection.execute(rows))


def with_a_gap(learner: Learner) -> dict[str, dict]:
    """Sessions of three days; without the one between there is a break of a week."""
    saved = {
        day: learner.save(completed_at=ago(day), session_result_id=str(uuid4()))
        for day in (20, 16, 12)
    }
    learner.request("DELETE", path(saved[16]))
    return saved


def conflict(learner: Learner, saved: dict) -> int:
    stored = saved[20]
    body = content(
        session_result_id=stored["session_result_id"], completed_at=ago(20), words_spoken=9
    )
    return learner.try_save(body).status_code


def reads_of_all(sent: list[str]) -> int:
    return sum("row_number() OVER" in part for part in statements(sent))  # growth/history.py


NO_SAVES: dict[str, Callable[[Learner, dict], int]] = {
    "question": lambda learner, _: learner.request("GET", "/api/sessions/achievements").status_code,
    "streak": lambda learner, _: learner.request("GET", "/api/sessions/streak").status_code,
    "warmup": lambda learner, _: learner.request("GET", "/api/sessions/warmup").status_code,
    "export": lambda learner, _: learner.request("GET", "/api/sessions/export").status_code,
    "conflict": conflict,
    "conflict in a batch": lambda learner, saved: (
        learner.request(
            "POST",
            "/api/sessions/batch",
            json={
                "sessions": [
                    content(session_result_id=saved[20]["session_result_id"], words_spoken=9)
                ]
            },
        ).status_code
    ),
    "replay": lambda learner, saved: (
        learner.try_save(
            content(session_result_id=saved[20]["session_result_id"], completed_at=ago(20))
        ).status_code
    ),
    "deleted": lambda learner, saved: (
        learner.try_save(content(session_result_id=saved[16]["session_result_id"])).status_code
    ),
    "refused": lambda learner, _: learner.try_save(content(duration_seconds=-1)).status_code,
    "patch of nothing": lambda learner, saved: (
        learner.request("PATCH", path(saved[20]), json={"words_spoken": 0}).status_code
    ),
    "patch of metadata": lambda learner, saved: (
        learner.request("PATCH", path(saved[20]), json={"metadata": {"a": 1}}).status_code
    ),
    "patch that is refused": lambda learner, saved: (
        learner.request("PATCH", path(saved[20]), json={"words_spoken": -1}).status_code
    ),
}
STATUSES = {"conflict": 409, "deleted": 410, "refused": 422, "patch that is refused": 422}


@pytest.mark.parametrize("what", NO_SAVES)
def test_neither_a_deletion_nor_what_saves_nothing_unlocks(
    app: Flask, learner: Learner, what: str
) -> None:
    saved = with_a_gap(learner)
    before = unlocks(app)
    assert NO_SAVES[what](learner, saved) == STATUSES.get(what, 200)
    assert unlocks(app) == before
    assert "comeback_7" not in unlocked(learner)
    assert unlocks(app) == before


def test_what_a_deletion_made_is_not_unlocked_by_the_next_save_or_correction(
    app: Flask, learner: Learner
) -> None:
    saved = with_a_gap(learner)
    assert keys(learner.save_answer(completed_at=ago(11))) == []
    learner.request("DELETE", path(learner.save(completed_at=ago(11))))
    assert correct(learner, saved[12], words_spoken=5)["achievements_unlocked"] == []
    assert "comeback_7" not in unlocked(learner)


def test_the_operators_rebuild_unlocks_what_is_reached(app: Flask, learner: Learner) -> None:
    with_a_gap(learner)
    app.test_cli_runner().invoke(args=["rebuild", "--learner", learner.id])
    assert "comeback_7" in unlocked(learner)


def test_a_correction_says_what_it_unlocks_for_its_session(learner: Learner) -> None:
    saved = [learner.save(completed_at=ago(day), duration_seconds=1700) for day in (3, 2)]
    late_score = correct(learner, saved[1], fluency_score=95)
    assert keys(late_score) == ["score_80", "fluency_90"]
    longer = correct(learner, saved[0], duration_seconds=1900)
    assert keys(longer) == ["minutes_60"]
    achievement = longer["achievements_unlocked"][0]
    assert achievement["session_result_id"] == saved[0]["session_result_id"]
    assert achievement["unlocked_at"] == saved[0]["completed_at"]
    assert unlocked(learner)["minutes_60"] == achievement
    assert keys(correct(learner, saved[0], duration_seconds=1901)) == []


def test_a_late_score_is_added_without_reading_all_sessions(app: Flask, learner: Learner) -> None:
    saved = [learner.save(completed_at=ago(day), fluency_score=70) for day in (3, 2)]
    with recorded(app) as sent:
        assert keys(correct(learner, saved[0], grammar_score=91)) == ["score_80", "grammar_90"]
        assert reads_of_all(sent) == 0
        assert keys(correct(learner, saved[0], fluency_score=None)) == []
        assert reads_of_all(sent) == 1  # it may have been the only one of the best score
    for score, value in ((96, 96), (95, 95), (None, 91)):
        correct(learner, saved[1], fluency_score=score)
        shown = {item["key"]: item for item in learner.get("/achievements")["achievements"]}
        assert shown["score_100"]["value"] == value
    assert learner.get("/export")["totals"][0]["best_fluency"] == 0


def test_a_correction_of_the_day_unlocks_a_streak(learner: Learner) -> None:
    saved = [learner.save(completed_at=ago(day)) for day in (5, 2, 1)]
    moved = correct(learner, saved[0], completed_at=ago(0))
    assert keys(moved) == ["streak_3"]
    assert unlocked(learner)["streak_3"]["unlocked_at"] == moved["completed_at"]


def test_a_correction_unlocks_for_a_learner_from_before(app: Flask, learner: Learner) -> None:
    saved = learner.save(completed_at=ago(1))
    with app.app_context(), transaction() as connection:
        for table in ("totals", "words", "achievements"):
            connection.execute(sa.text(f"DELETE FROM learner_{table}"))
    assert keys(correct(learner, saved, fluency_score=80)) == [
        "first_session",
        "first_conversation",
        "score_80",
    ]


def test_of_a_batch_each_unlock_belongs_to_the_session_that_reaches_it(learner: Learner) -> None:
    learner.save(completed_at=ago(10), duration_seconds=1800)
    items = [
        content(completed_at=ago(1), duration_seconds=1),
        content(completed_at=ago(11), duration_seconds=1800),
    ]
    assert [keys(result) for result in batch(learner, items)] == [["comeback_7"], ["minutes_60"]]


def test_a_batch_unlocks_what_only_an_order_of_saves_reaches(learner: Learner) -> None:
    """The first one makes a break, which the second one closes."""
    learner.save(completed_at=ago(0))
    items = [content(completed_at=ago(6)), content(completed_at=ago(10))]
    assert [keys(result) for result in batch(learner, items)] == [[], ["comeback_7"]]


def test_practice_of_today_is_what_the_calendar_says(learner: Learner) -> None:
    """At noon of UTC it is tomorrow on Kiritimati."""

    def said(answer: dict) -> tuple[bool, bool]:
        page = learner.get("/streak", timezone="UTC")
        calendar = {entry["date"]: entry["practiced"] for entry in page["calendar"]}
        assert page["practiced_today"] == calendar[NOON.date().isoformat()]
        return answer["streak"]["practiced_today"], page["practiced_today"]

    before = (NOON - timedelta(minutes=10)).isoformat()
    tomorrow = learner.save_answer(completed_at=before, timezone="Pacific/Kiritimati")
    assert said(tomorrow) == (True, False)
    body = content(completed_at=ago(0), timezone="UTC", duration_seconds=10)
    key = {"Idempotency-Key": "one"}
    assert said(learner.try_save(body, **key).get_json()) == (False, False)
    assert said(learner.try_save(body, **key).get_json()) == (False, False)
    assert said(learner.save_answer(**{**body, "duration_seconds": 50})) == (True, True)
    assert said(learner.try_save(body, **key).get_json()) == (True, True)
