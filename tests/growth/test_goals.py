"""Goals, rest days and pauses, by HTTP."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask

from tests.factories import Learner
from tests.growth.test_growth import keys, unlocked
from tests.preferences.test_preferences import set_to

MONDAY = datetime(2026, 3, 9, 12, tzinfo=UTC)
OnDay = Callable[[int], None]


@pytest.fixture
def on_day() -> OnDay:
    """Go to noon of a day after Monday, 9 March."""
    with time_machine.travel(MONDAY, tick=False) as clock:
        yield lambda day: clock.move_to(MONDAY + timedelta(days=day), tick=False)


def entry(learner: Learner, day: int) -> dict:
    date = (MONDAY + timedelta(days=day)).date().isoformat()
    return next(one for one in learner.get("/streak")["calendar"] if one["date"] == date)


@pytest.mark.parametrize(
    ("seconds", "goal", "shown", "reached"),
    [(598, 10, 10.0, False), (599, 10, 10.0, False), (600, 10, 10.0, True), (59, 1, 1.0, False)],
)
def test_a_goal_is_judged_by_seconds_and_not_by_the_minutes_shown(
    learner: Learner, seconds: int, goal: int, shown: float, reached: bool
) -> None:
    set_to(learner, daily_goal_minutes=goal)
    saved = learner.save_answer(duration_seconds=seconds)
    page = learner.get("/streak")
    assert (page["seconds_today"], page["minutes_today"]) == (seconds, shown)
    assert (page["goal_minutes"], page["goal_reached"]) == (goal, reached)
    assert ("goal_day" in keys(saved)) == reached


def test_the_goal_in_the_query_wins(learner: Learner) -> None:
    set_to(learner, daily_goal_minutes=15)
    learner.save(duration_seconds=600)
    for query, goal, reached in (({}, 15, False), ({"goal_minutes": 10}, 10, True)):
        page = learner.get("/streak", **query)
        assert (page["goal_minutes"], page["goal_reached"]) == (goal, reached)


def test_without_a_goal_none_is_reached(learner: Learner) -> None:
    set_to(learner, daily_goal_minutes=None)
    learner.save(duration_seconds=6000)
    page = learner.get("/streak")
    assert (page["goal_minutes"], page["goal_reached"]) == (None, False)
    assert (page["week"]["goal_days"], page["week"]["goal_reached"]) == (None, False)


def test_a_learner_who_has_set_nothing_is_shown_the_default_goal_and_unlocks_none(
    learner: Learner,
) -> None:
    saved = learner.save_answer(duration_seconds=600)
    assert learner.get("/streak")["goal_reached"] is True
    assert "goal_day" not in keys(saved)


def test_a_week_has_its_days_and_its_goal(learner: Learner, on_day: OnDay) -> None:
    set_to(learner, weekly_goal_days=2)
    learner.save(duration_seconds=90)
    on_day(1)
    learner.save(duration_seconds=59)  # too short to count
    week = learner.get("/streak")["week"]
    assert week == {
        "starts_on": "2026-03-09",
        "days_practiced": 1,
        "goal_days": 2,
        "goal_reached": False,
        "minutes": 2.5,
    }
    on_day(6)
    saved = learner.save_answer()
    assert "goal_week" in keys(saved)
    assert learner.get("/streak")["week"]["goal_reached"] is True
    set_to(learner, weekly_goal_days=2, week_starts_on="sunday")
    week = learner.get("/streak")["week"]
    assert (week["starts_on"], week["days_practiced"]) == ("2026-03-15", 1)


def test_an_achievement_rests_on_the_goal_as_it_was_on_its_day(
    app: Flask, learner: Learner, on_day: OnDay
) -> None:
    set_to(learner, daily_goal_minutes=5)
    for day in range(6):
        on_day(day)
        learner.save(duration_seconds=300)
    on_day(6)
    set_to(learner, daily_goal_minutes=10)
    assert "goal_days_7" not in keys(learner.save_answer(duration_seconds=300))
    assert "goal_days_7" in keys(learner.save_answer(duration_seconds=300))
    assert app.test_cli_runner().invoke(args=["rebuild", "--learner", learner.id]).exit_code == 0
    assert learner.get("/export")["totals"][0]["goal_days"] == 7


def test_setting_a_goal_unlocks_nothing_by_itself(learner: Learner) -> None:
    learner.save(duration_seconds=600)
    set_to(learner, daily_goal_minutes=5)
    learner.get("/streak")
    assert "goal_day" not in unlocked(learner)
    assert learner.get("/export")["totals"][0]["goal_days"] == 1


@pytest.mark.parametrize("is_asked", [False, True])
def test_what_a_goal_set_after_practice_reaches_is_unlocked_by_the_next_session_once(
    learner: Learner, on_day: OnDay, is_asked: bool
) -> None:
    on_day(0)
    learner.save(duration_seconds=600)
    set_to(learner, daily_goal_minutes=5, weekly_goal_days=1)
    if is_asked:  # counts again, which must not hide what is reached
        learner.get("/streak")
    on_day(2)
    assert {"goal_day", "goal_week"} <= set(keys(learner.save_answer(duration_seconds=60)))
    assert not {"goal_day", "goal_week"} & set(keys(learner.save_answer(duration_seconds=60)))


def test_a_missed_rest_day_neither_breaks_nor_lengthens_a_streak(
    learner: Learner, on_day: OnDay
) -> None:
    set_to(learner, rest_days=["tuesday", "wednesday"])
    learner.save()
    page = learner.get("/streak")
    assert (page["at_risk"], page["ends_at"]) == (False, "2026-03-13T00:00:00.000000Z")
    on_day(3)
    page = learner.get("/streak")
    assert (page["current"], page["at_risk"], page["freezes"]) == (1, True, 0)
    assert [entry(learner, day)["rest"] for day in range(4)] == [False, True, True, False]
    assert not entry(learner, 1)["frozen"]
    assert learner.save_answer()["streak"]["current"] == 2


def test_practice_on_a_rest_day_counts(learner: Learner, on_day: OnDay) -> None:
    set_to(learner, rest_days=["tuesday"])
    learner.save()
    on_day(1)
    assert learner.save_answer()["streak"]["current"] == 2
    assert (entry(learner, 1)["rest"], entry(learner, 1)["practiced"]) == (True, True)


def test_a_pause_costs_no_freeze(learner: Learner, on_day: OnDay) -> None:
    for day in range(7):
        on_day(day)
        learner.save()
    assert learner.get("/streak")["freezes"] == 1
    set_to(learner, pause={"from": "2026-03-16", "to": "2026-04-30"})
    on_day(53)  # 1 May
    page = learner.get("/streak")
    assert (page["current"], page["freezes"], page["at_risk"]) == (7, 1, False)
    assert entry(learner, 52)["paused"]
    assert not entry(learner, 53)["paused"]
    on_day(54)
    assert learner.save_answer()["streak"]["freezes"] == 0


def test_a_pause_and_rest_days_count_from_the_day_they_are_set(
    app: Flask, learner: Learner, on_day: OnDay
) -> None:
    learner.save()
    on_day(2)
    set_to(learner, rest_days=["tuesday"], pause={"from": "2026-03-01", "to": "2026-03-20"})
    page = learner.get("/streak")
    assert page["current"] == 0  # Tuesday was missed
    assert [entry(learner, day)["paused"] for day in range(3)] == [False, False, True]
    assert not entry(learner, 1)["rest"]
    assert learner.save_answer()["streak"]["current"] == 1
    on_day(8)
    set_to(learner)  # ends the pause; the days before stay paused
    assert learner.get("/streak")["current"] == 1
    assert app.test_cli_runner().invoke(args=["rebuild", "--learner", learner.id]).exit_code == 0
    assert learner.get("/streak")["current"] == 1
    assert entry(learner, 7)["paused"]
    assert not entry(learner, 8)["paused"]


def test_a_travellers_day_to_come_is_in_the_calendar_and_in_the_week(
    learner: Learner, on_day: OnDay
) -> None:
    on_day(0)
    learner.save(timezone="Pacific/Kiritimati", duration_seconds=300)
    page = learner.get("/streak", timezone="UTC")
    newest, today = page["calendar"][:2]
    assert (newest["date"], newest["minutes"], newest["practiced"]) == ("2026-03-10", 5.0, True)
    assert (today["date"], today["practiced"]) == ("2026-03-09", False)
    assert len(page["calendar"]) == 29
    assert (page["week"]["days_practiced"], page["week"]["minutes"]) == (1, 5.0)
    assert page["seconds_today"] == 0
