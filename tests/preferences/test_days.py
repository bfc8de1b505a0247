"""A day that ends when the learner goes to bed."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import uuid4

import orjson
import pytest
import time_machine

from tests.factories import Learner, content
from tests.preferences.test_preferences import set_to
from tests.statements import recorded
from vorex_sessions.periods import day_of

NIGHT = "2026-03-11T02:00:00+01:00"  # in Berlin, where it is winter
ZONE = "Europe/Berlin"


def patch(learner: Learner, session: dict, **changes: object) -> dict:
    path = f"/api/sessions/{session['session_result_id']}"
    answer = learner.request("PATCH", path, json=changes)
    assert answer.status_code == 200, answer.text
    return orjson.loads(answer.data)


@pytest.mark.parametrize(
    ("hour", "completed_at", "zone", "day"),
    [
        (4, "2026-03-11T03:59:59.999999+01:00", ZONE, "2026-03-10"),
        (4, "2026-03-11T04:00:00+01:00", ZONE, "2026-03-11"),
        (0, "2026-03-11T00:00:00+01:00", ZONE, "2026-03-11"),
        (6, "2026-03-01T05:59:00+01:00", ZONE, "2026-02-28"),
        # Berlin's clocks skip from 02:00 to 03:00 on 2026-03-29, and repeat that hour on 2025-10-26
        (3, "2026-03-29T00:59:59Z", ZONE, "2026-03-28"),
        (3, "2026-03-29T01:00:00Z", ZONE, "2026-03-29"),
        (2, "2026-03-29T01:00:00Z", ZONE, "2026-03-29"),
        (3, "2025-10-26T00:30:00Z", ZONE, "2025-10-25"),
        (3, "2025-10-26T01:30:00Z", ZONE, "2025-10-25"),
        (3, "2025-10-26T02:00:00Z", ZONE, "2025-10-26"),
        # the easternmost and westernmost zones
        (6, "2026-03-10T15:59:00Z", "Pacific/Kiritimati", "2026-03-10"),
        (6, "2026-03-10T17:59:00Z", "Etc/GMT+12", "2026-03-09"),
        # where nobody lives, a day stays within one of the UTC day
        (6, "2026-03-11T01:00:00Z", "UTC-23:00", "2026-03-10"),
        (6, "2026-03-11T23:00:00Z", "UTC-18:30", "2026-03-10"),
        (6, "2026-03-10T23:50:00Z", "UTC-18:30", "2026-03-09"),
    ],
)
def test_a_session_before_the_start_of_a_day_counts_on_the_day_before(
    learner: Learner, hour: int, completed_at: str, zone: str, day: str
) -> None:
    set_to(learner, day_starts_at=hour)
    stored = learner.save(completed_at=completed_at, timezone=zone)
    assert stored["practiced_on"] == day
    assert learner.get(f"/{stored['session_result_id']}")["practiced_on"] == day


def test_the_sessions_of_a_batch_count_likewise(learner: Learner) -> None:
    set_to(learner, day_starts_at=4)
    items = [
        content(completed_at=f"2026-03-11T0{hour}:30:00+01:00", timezone=ZONE) for hour in (3, 4)
    ]
    answer = learner.request("POST", "/api/sessions/batch", json={"sessions": items})
    days = [one["session"]["practiced_on"] for one in orjson.loads(answer.data)["results"]]
    assert days == ["2026-03-10", "2026-03-11"]


def test_no_stored_session_moves_when_a_day_starts_later(learner: Learner) -> None:
    stored = learner.save(completed_at=NIGHT, timezone=ZONE)
    set_to(learner, day_starts_at=4)
    assert learner.get("/history")["sessions"][0]["practiced_on"] == "2026-03-11"
    late = patch(learner, stored, fluency_score=80)
    same = patch(learner, stored, timezone=ZONE, completed_at=NIGHT)
    assert late["practiced_on"] == same["practiced_on"] == "2026-03-11"


def test_a_correction_of_time_or_zone_counts_by_what_is_set_now(learner: Learner) -> None:
    stored = learner.save(completed_at=NIGHT, timezone=ZONE)
    set_to(learner, day_starts_at=4)
    moved = patch(learner, stored, completed_at="2026-03-11T02:30:00+01:00")
    assert moved["practiced_on"] == "2026-03-10"
    assert patch(learner, stored, timezone="Asia/Tokyo")["practiced_on"] == "2026-03-11"


def test_a_replay_is_one_after_the_start_of_a_day_was_changed(learner: Learner) -> None:
    body = content(completed_at=NIGHT, timezone=ZONE, session_result_id=str(uuid4()))
    assert learner.try_save(body).status_code == 201
    set_to(learner, day_starts_at=4)
    again = learner.try_save(body)
    assert (again.status_code, again.json["practiced_on"]) == (200, "2026-03-11")


def test_a_save_takes_no_further_statement_by_what_is_set(learner: Learner) -> None:
    def sent_by_a_save() -> list[int]:
        with recorded(learner.app) as sent:
            learner.save()
        return [text.count(";") for text in sent]

    learner.save()
    learner.save()
    before = sent_by_a_save()
    # On the day itself a save may unlock what its goal reaches by earlier practice.
    with time_machine.travel(datetime.now(UTC) - timedelta(days=2), tick=False):
        # Not later than now, or what follows would be of the day before what is saved: late.
        start = min(3, datetime.now(UTC).hour)
        set_to(learner, day_starts_at=start, rest_days=["sunday"], weekly_goal_days=1)
    learner.get("/streak")  # counts again
    learner.save()
    assert sent_by_a_save() == before


def test_today_is_yesterday_until_the_day_starts(learner: Learner) -> None:
    """Of a learner who learns after midnight: the warm-up, the streak and due words agree."""
    night = datetime.fromisoformat(NIGHT)
    with time_machine.travel(night - timedelta(days=1), tick=False):
        set_to(learner, day_starts_at=4)
        learner.save(
            completed_at="2026-03-10T01:00:00+01:00",
            timezone=ZONE,
            vocabulary_results=[{"word": "tea", "outcome": "good"}],
        )
    (due_on,) = (word["due_on"] for word in learner.get("/vocabulary")["words"])
    due = datetime.fromisoformat(f"{due_on}T03:59:59+01:00")
    begun = due + timedelta(seconds=1)
    for now, status, recalled in ((due, "learning", 0), (begun, "due", 1)):
        with time_machine.travel(now, tick=False):
            assert learner.get("/vocabulary")["words"][0]["status"] == status
            assert len(learner.get("/warmup")["vocabulary_details"]) == recalled
    with time_machine.travel(night, tick=False):
        streak = learner.get("/streak")
        assert streak["calendar"][0]["date"] == "2026-03-10"
        assert (streak["current"], streak["practiced_today"], streak["at_risk"]) == (1, False, True)
        assert streak["ends_at"] == "2026-03-11T03:00:00.000000Z"
        assert learner.get("/warmup")["based_on"]["to"] == "2026-03-10"
    with time_machine.travel(night + timedelta(hours=2), tick=False):
        assert learner.get("/streak")["current"] == 0
        assert learner.get("/warmup")["based_on"]["to"] == "2026-03-11"


def test_a_learner_without_a_session_has_a_today_as_well(learner: Learner) -> None:
    with time_machine.travel(datetime.fromisoformat("2026-03-11T02:00:00+00:00"), tick=False):
        assert learner.get("/warmup")["based_on"]["to"] == "2026-03-11"
        set_to(learner, day_starts_at=4)
        assert learner.get("/warmup")["based_on"]["to"] == "2026-03-10"
        assert learner.get("/streak")["calendar"][0]["date"] == "2026-03-10"


def at(time: str) -> time_machine.travel:
    return time_machine.travel(datetime.fromisoformat(f"2026-03-{time}+01:00"), tick=False)


def practise(learner: Learner, *times: str) -> None:
    for time in times:
        with at(time):
            learner.save(timezone=ZONE, duration_seconds=660)


def test_what_is_set_after_midnight_holds_on_the_day_that_is_today_again(learner: Learner) -> None:
    """Tuesday the 10th is over by the calendar, and goes on for who lets days start at 4."""
    practise(learner, "08T20:00", "09T20:00")
    with at("11T01:30"):
        assert learner.get("/streak")["current"] == 0
        set_to(learner, day_starts_at=4, rest_days=["tuesday"], daily_goal_minutes=11)
        streak = learner.get("/streak")
        today = streak["calendar"][0]
        assert (today["date"], today["rest"]) == ("2026-03-10", True)
        assert (streak["current"], streak["at_risk"]) == (2, False)
    practise(learner, "11T02:00")
    with at("11T02:00"):
        streak = learner.get("/streak")
        assert (streak["current"], streak["goal_reached"]) == (3, True)
        assert learner.get("/export")["totals"][0]["goal_days"] == 1
    with at("12T03:59"):  # the 11th is not over yet
        assert learner.get("/streak")["current"] == 3
    with at("12T04:00"):
        assert learner.get("/streak")["current"] == 0


@pytest.mark.parametrize("hours", [(4,), (4, 0), (4, 0, 4), (0, 6)])
def test_a_change_of_the_start_at_night_counts_no_day_twice_and_loses_none(
    learner: Learner, hours: tuple[int, ...]
) -> None:
    """Each session counts on the one day that it was saved on, whatever is set and reset afterwards."""
    practise(learner, "09T20:00", "10T20:00", "11T00:30")
    with at("11T01:30"):
        for hour in hours:
            set_to(learner, day_starts_at=hour)
            streak = learner.get("/streak")
            assert (streak["current"], streak["practiced_today"]) == (3, True)
            practiced = [day["date"] for day in streak["calendar"] if day["practiced"]]
            assert practiced == ["2026-03-11", "2026-03-10", "2026-03-09"]
    practise(learner, "11T01:31", "11T20:00")
    with at("11T20:00"):
        kept = learner.get("/streak")
        assert (kept["current"], kept["longest"], kept["week"]["days_practiced"]) == (3, 3, 3)


def test_the_insert_and_the_questions_agree_on_every_day(learner: Learner) -> None:
    random = Random(7)  # no secret
    zones = ["Europe/Berlin", "America/Santiago", "Antarctica/Troll", "Asia/Kathmandu", "UTC-12:00"]
    zones += ["Pacific/Kiritimati", "UTC-23:59", "UTC+23:59", "UTC-19:30"]
    for hour in range(7):
        set_to(learner, day_starts_at=hour)
        start = datetime(2025, 1, 1, tzinfo=UTC)
        moments = [
            (start + timedelta(minutes=random.randrange(600_000)), random.choice(zones))
            for _ in range(100)
        ]
        items = [content(completed_at=at.isoformat(), timezone=zone) for at, zone in moments]
        answer = learner.request("POST", "/api/sessions/batch", json={"sessions": items})
        days = [one["session"]["practiced_on"] for one in orjson.loads(answer.data)["results"]]
        assert days == [str(day_of(at, zone, hour)) for at, zone in moments]


@pytest.mark.parametrize(
    ("path", "today"),
    [
        ("/stats?period=day", lambda answer: answer["period_end"]),
        ("/stats?period=week", lambda answer: answer["period_end"]),
        ("/stats?period=year", lambda answer: answer["period_end"]),
        ("/stats?period=all", lambda answer: answer["period_end"]),
        ("/daily-breakdown", lambda answer: answer["days"][0]["date"]),
        ("/trends", lambda answer: answer["period_end"]),
        ("/rhythm", lambda answer: answer["period_end"]),
        ("/stats?period=this_week", lambda answer: answer["period_end"]),
        ("/warmup", lambda answer: answer["based_on"]["to"]),
        ("/streak", lambda answer: answer["calendar"][0]["date"]),
    ],
)
@pytest.mark.parametrize("sessions", [0, 1])
def test_today_follows_in_every_answer_and_costs_no_statement(
    learner: Learner, sessions: int, path: str, today: Callable[[dict], str]
) -> None:
    page, _, query = path.partition("?period=")

    def said() -> str:
        return today(learner.get(page, **({"period": query} if query else {})))

    with time_machine.travel(datetime.fromisoformat("2026-03-11T02:00:00+00:00"), tick=False):
        for _ in range(sessions):
            learner.save(timezone="UTC", completed_at="2026-03-09T12:00:00Z")
        assert said() == "2026-03-11"
        set_to(learner, day_starts_at=3)
        said()  # counts again
        with recorded(learner.app) as sent:
            assert said() == "2026-03-10"
        assert len(sent) == 1 or sessions == 0
