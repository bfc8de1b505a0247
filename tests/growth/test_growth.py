"""Streak and achievements, through the API."""

from uuid import uuid4

import orjson
import pytest
import sqlalchemy as sa
from flask import Flask

from tests.clock import ago, today
from tests.factories import Learner, content
from tests.postgres import transaction
from tests.sessions.test_races import at_once, clones, save_patiently
from tests.statements import recorded, statements

pytestmark = pytest.mark.one_and_several


def keys(answer: dict) -> list[str]:
    return [achievement["key"] for achievement in answer["achievements_unlocked"]]


def unlocked(learner: Learner) -> dict[str, dict]:
    page = learner.get("/achievements")
    by_key = {
        achievement["key"]: achievement
        for achievement in page["achievements"]
        if achievement["unlocked_at"]
    }
    assert page["unlocked"] == len(by_key)
    assert page["total"] == len(page["achievements"])
    return by_key


def batch(learner: Learner, items: list[dict]) -> list[dict]:
    response = learner.request("POST", "/api/sessions/batch", json={"sessions": items})
    assert response.status_code == 200, response.text
    return orjson.loads(response.data)["results"]


def test_a_learner_without_sessions_has_no_streak_and_everything_before_them(
    learner: Learner,
) -> None:
    page = learner.get("/streak")
    assert (page["current"], page["ends_at"], page["last_practiced_on"]) == (0, None, None)
    assert (page["goal_minutes"], page["minutes_today"], len(page["calendar"])) == (10, 0.0, 28)
    assert unlocked(learner) == {}
    assert {
        achievement["progress"] for achievement in learner.get("/achievements")["achievements"]
    } == {0.0}


def test_a_save_tells_what_it_unlocked_and_the_streak(learner: Learner) -> None:
    saved = learner.save_answer()
    assert keys(saved) == ["first_session", "first_conversation"]
    assert saved["achievements_unlocked"][0]["session_result_id"] == saved["session_result_id"]
    assert saved["achievements_unlocked"][0]["unlocked_at"] == saved["completed_at"]
    assert (saved["streak"]["current"], saved["streak"]["practiced_today"]) == (1, True)
    again = learner.save_answer()
    assert (keys(again), again["streak"]["current"]) == ([], 1)
    assert list(unlocked(learner)) == ["first_session", "first_conversation"]


def test_a_replay_repeats_what_was_unlocked(learner: Learner) -> None:
    body = content(completed_at=ago(0))
    first = learner.try_save(body, **{"Idempotency-Key": "one"})
    learner.save(session_type="roleplay")
    again = learner.try_save(body, **{"Idempotency-Key": "one"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert keys(again.json) == keys(first.json) == ["first_session", "first_conversation"]
    assert again.json["streak"]["current"] == 1


def test_a_week_that_arrives_in_one_batch_unlocks_in_the_order_of_time(learner: Learner) -> None:
    results = batch(learner, [content(completed_at=ago(days)) for days in range(6, -1, -1)][::-1])
    assert [keys(result) for result in results] == [
        ["streak_7"],
        [],
        [],
        [],
        ["streak_3"],
        [],
        ["first_session", "first_conversation"],
    ]
    assert {result["streak"]["current"] for result in results} == {7}
    assert unlocked(learner)["streak_7"]["unlocked_at"] == results[0]["session"]["completed_at"]


def test_a_batch_with_one_session_twice_and_one_that_is_wrong_unlocks_once(
    learner: Learner,
) -> None:
    session = content(session_result_id=str(uuid4()), completed_at=ago(0))
    results = batch(learner, [session, {"session_type": "x"}, session])
    assert [item["status"] for item in results] == ["created", "rejected", "replayed"]
    assert keys(results[0]) == keys(results[2]) == ["first_session", "first_conversation"]
    assert "achievements_unlocked" not in results[1]


def test_a_session_that_is_synced_late_repairs_the_streak(learner: Learner) -> None:
    learner.save(completed_at=ago(2))
    broken = learner.save_answer(completed_at=ago(0))
    assert broken["streak"]["current"] == 1
    late = learner.save_answer(completed_at=ago(1))
    assert (late["streak"]["current"], keys(late)) == (3, ["streak_3"])
    assert unlocked(learner)["streak_3"]["session_result_id"] == late["session_result_id"]


def test_days_below_the_minimum_do_not_count_until_they_reach_it(learner: Learner) -> None:
    assert learner.save_answer(duration_seconds=59)["streak"]["practiced_today"] is False
    assert learner.save_answer(duration_seconds=1)["streak"]["practiced_today"] is True
    page = learner.get("/streak", goal_minutes=30)
    assert (page["minutes_today"], page["goal_minutes"]) == (1.0, 30)
    assert page["calendar"][0]["practiced"] is True


def test_the_calendar_shows_what_was_practised_and_what_was_frozen(learner: Learner) -> None:
    days = [9, 8, 7, 6, 5, 4, 3, 1, 0]
    batch(learner, [content(completed_at=ago(day)) for day in days])
    page = learner.get("/streak", timezone="UTC")
    shown = page["calendar"]
    assert [age for age, day in enumerate(shown) if day["practiced"]] == sorted(days)
    assert [age for age, day in enumerate(shown) if day["frozen"]] == [2]
    assert page["current"] == 9
    assert shown[0]["date"] == today().isoformat()


def test_the_streak_is_on_the_calendar_of_the_latest_session(learner: Learner) -> None:
    saved = learner.save_answer(completed_at=ago(0), timezone="Pacific/Kiritimati")
    page = learner.get("/streak")
    assert page["calendar"][0]["date"] == saved["practiced_on"]
    assert page["last_practiced_on"] == saved["practiced_on"]


@pytest.mark.parametrize("goal", ["0", "1441", "ten", "1.5"])
def test_a_goal_that_is_none_is_refused(learner: Learner, goal: str) -> None:
    assert learner.request("GET", f"/api/sessions/streak?goal_minutes={goal}").status_code == 422


def test_a_delete_takes_away_figures_and_leaves_what_was_unlocked(learner: Learner) -> None:
    first = learner.save(session_type="roleplay", completed_at=ago(1))
    learner.save()
    learner.request("DELETE", f"/api/sessions/{first['session_result_id']}")
    page = learner.get("/streak")
    assert (page["current"], page["longest"]) == (1, 1)
    still = unlocked(learner)["first_roleplay"]
    assert (still["value"], still["progress"]) == (0, 1.0)
    assert keys(learner.save_answer(session_type="roleplay")) == []


def test_words_of_a_deleted_or_corrected_session_are_gone_at_once(learner: Learner) -> None:
    gone = learner.save(vocabulary_learned=["geheim"])
    kept = learner.save(vocabulary_learned=["essen"])
    learner.request("DELETE", f"/api/sessions/{gone['session_result_id']}")
    assert "geheim" not in str(learner.get("/export")["words"])
    path = f"/api/sessions/{kept['session_result_id']}"
    learner.request("PATCH", path, json={"vocabulary_learned": ["trinken"]})
    assert "essen" not in str(learner.get("/export")["words"])
    learner.get("/streak")
    assert [entry["word"] for entry in learner.get("/export")["words"]] == ["trinken"]


def test_a_score_that_arrives_late_unlocks_for_its_session(learner: Learner) -> None:
    saved = learner.save_answer(completed_at=ago(0))
    path = f"/api/sessions/{saved['session_result_id']}"
    assert learner.request("PATCH", path, json={"fluency_score": 95}).status_code == 200
    assert unlocked(learner)["fluency_90"]["session_result_id"] == saved["session_result_id"]


def test_a_corrected_day_moves_the_streak(learner: Learner) -> None:
    learner.save(completed_at=ago(0))
    other = learner.save(completed_at=ago(3))
    path = f"/api/sessions/{other['session_result_id']}"
    learner.request("PATCH", path, json={"completed_at": ago(1)})
    assert learner.get("/streak")["current"] == 2


def test_an_erasure_takes_everything_and_unlocks_begin_anew(learner: Learner, app: Flask) -> None:
    learner.save(vocabulary_learned=["essen"])
    erased = learner.request("DELETE", "/api/sessions?confirm=true")
    assert orjson.loads(erased.data) == {"deleted": 1}
    export = learner.get("/export")
    assert (export["achievements"], export["totals"], export["words"]) == ([], [], [])
    assert learner.get("/streak")["current"] == 0
    assert keys(learner.save_answer()) == ["first_session", "first_conversation"]


def test_a_question_stores_nothing_about_who_has_no_sessions(learner: Learner) -> None:
    learner.save(vocabulary_learned=["essen"])
    learner.request("DELETE", "/api/sessions?confirm=true")
    learner.get("/streak")
    assert unlocked(learner) == {}
    export = learner.get("/export")
    assert (export["achievements"], export["totals"], export["words"]) == ([], [], [])


def test_an_export_shows_what_is_derived(learner: Learner) -> None:
    saved = learner.save_answer(vocabulary_learned=["essen", "Essen"])
    export = learner.get("/export")
    assert [row["word"] for row in export["words"]] == ["Essen", "essen"]
    assert export["totals"][0]["distinct_words"] == 2
    assert {row["session_result_id"] for row in export["achievements"]} == {
        saved["session_result_id"]
    }


def test_learners_do_not_see_each_other(learner: Learner, other: Learner) -> None:
    learner.save()
    assert other.get("/streak")["current"] == 0
    assert unlocked(other) == {}
    assert keys(other.save_answer()) == ["first_session", "first_conversation"]


def test_a_learner_from_before_gets_everything_with_the_next_save(
    learner: Learner, app: Flask
) -> None:
    sessions = [learner.save(completed_at=ago(day)) for day in (2, 1)]
    with app.app_context(), transaction() as connection:
        connection.execute(sa.text("DELETE FROM learner_totals"))
        connection.execute(sa.text("DELETE FROM learner_words"))
        connection.execute(sa.text("DELETE FROM learner_achievements"))
    saved = learner.save_answer(vocabulary_learned=["neu"])
    assert (keys(saved), saved["streak"]["current"]) == (["streak_3"], 3)
    first = unlocked(learner)["first_session"]
    assert first["session_result_id"] == sessions[0]["session_result_id"]


def test_two_at_the_same_moment_unlock_once(learner: Learner) -> None:
    saves = [content(completed_at=ago(0), session_result_id=str(uuid4())) for _ in range(8)]
    phones = zip(clones(learner, 16), saves * 2, strict=True)
    answers = at_once(
        *(lambda phone=phone, body=body: save_patiently(phone, body).json for phone, body in phones)
    )
    unlocks = [key for answer in answers for key in keys(answer)]
    by_session = {answer["session_result_id"] for answer in answers if keys(answer)}
    assert len(by_session) == 1
    assert set(unlocks) == {"first_session", "first_conversation"}
    assert learner.get("/history")["total"] == 8
    assert learner.get("/export")["totals"][0]["sessions"] == 8


def test_a_save_takes_few_statements(learner: Learner, app: Flask, machines: str) -> None:
    plain = 4 if machines == "one" else 7  # as tests/sessions/test_batch.py names them

    def count(**fields: object) -> int:
        with recorded(app) as sent:
            learner.save(**fields)
        return len(statements(sent))

    learner.count()  # the first connection queries the server's version and settings
    assert count() == plain + 2  # unlocks are read and written
    assert count(vocabulary_learned=["a", "b"]) == plain  # no earlier session has to be read
    assert count(completed_at=ago(3)) == plain + 1  # late
    items = [content(completed_at=ago(day / 10)) for day in range(100)]
    with recorded(app) as sent:
        batch(learner, items)
    assert len(statements(sent)) <= plain + 3
