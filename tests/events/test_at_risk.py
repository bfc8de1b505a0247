"""`streak.at_risk`: once a day of the learner, in the evening, where the streak would end today."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.events.conftest import EITHER
from tests.events.delivering import execute
from tests.events.test_outbox import stored
from tests.factories import Learner
from tests.postgres import transaction
from tests.statements import recorded
from vorex_sessions.database import locks
from vorex_sessions.events.warnings import warn
from vorex_sessions.growth import risk
from vorex_sessions.periods import zone as zone_of

TODAY = date(2026, 3, 10)  # a Tuesday; days before it have passed, so that sessions can be saved
BERLIN = "Europe/Berlin"


def practise(learner: Learner, *days_ago: int, zone: str = BERLIN, **more: Any) -> None:
    for days in days_ago:
        at = datetime.combine(TODAY - timedelta(days=days), time(12), zone_of(zone))
        learner.save(completed_at=at.isoformat(), timezone=zone, **more)


def at(hour: int, minute: int = 0, *, zone: str = BERLIN, days: int = 0) -> datetime:
    day = TODAY + timedelta(days=days)
    return datetime.combine(day, time(hour, minute), zone_of(zone)).astimezone(UTC)


def warned(app: Flask, now: datetime) -> int:
    with app.app_context():
        return warn(now)


def warnings(app: Flask, learner: Learner) -> list[dict[str, Any]]:
    return [one.data for one in stored(app, learner) if one.type == "streak.at_risk"]


@EITHER
def test_it_is_told_once_in_the_evening(pulling: Flask) -> None:
    learner = Learner(pulling)
    practise(learner, 3, 2, 1)
    assert warned(pulling, at(18, 59)) == 0
    assert warned(pulling, at(19)) == 1
    assert warned(pulling, at(19, 5)) == warned(pulling, at(23, 59)) == 0
    (told,) = warnings(pulling, learner)
    ends_at = at(0, days=1).isoformat(timespec="microseconds").replace("+00:00", "Z")
    assert told == {"streak": 3, "day": "2026-03-10", "ends_at": ends_at}
    assert warned(pulling, at(20, days=1)) == 0  # it has ended


def test_it_agrees_with_the_streak_that_the_learner_sees(pulling: Flask) -> None:
    learner = Learner(pulling)
    practise(learner, *range(12, 0, -1))  # with a freeze
    assert warned(pulling, at(20)) == 0
    assert warned(pulling, at(20, days=1)) == 1
    assert warnings(pulling, learner)[0]["day"] == "2026-03-11"


@pytest.mark.parametrize(
    "days", [(2, 1), (3, 2, 1, 0), (5, 4, 3), ()], ids=["short", "done", "over", "none"]
)
def test_nothing_is_told_where_nothing_ends_today(pulling: Flask, days: tuple[int, ...]) -> None:
    learner = Learner(pulling)
    practise(learner, *days)
    assert warned(pulling, at(20)) == 0


def test_practice_that_is_too_short_to_count_does_not_end_the_danger(pulling: Flask) -> None:
    learner = Learner(pulling)
    practise(learner, 3, 2, 1)
    practise(learner, 0, duration_seconds=5)
    assert warned(pulling, at(20)) == 1


def test_evening_is_in_the_zone_of_the_learner(pulling: Flask) -> None:
    zones = ["Pacific/Auckland", "UTC+05:45", "Asia/Kolkata", "UTC", "America/Los_Angeles"]
    for zone in zones:
        practise(Learner(pulling), 3, 2, 1, zone=zone)
    for zone in zones:
        evening = at(19, zone=zone)
        assert warned(pulling, evening - timedelta(minutes=5)) == 0
        assert warned(pulling, evening) == 1


def prefer(app: Flask, learner: Learner, since: date, **preferences: Any) -> None:
    """Set preferences, and let them have been set on an earlier day."""
    learner.request("PUT", "/api/sessions/preferences", json=preferences)
    execute(
        app, f"UPDATE learner_preferences SET set_on = '{since}' WHERE user_id = '{learner.id}'"
    )


def test_preferences_are_kept_to(pulling: Flask) -> None:
    resting, pausing, starting = (Learner(pulling) for _ in range(3))
    since = date(2026, 1, 1)
    prefer(pulling, resting, since, rest_days=["tuesday"])
    prefer(pulling, pausing, since, pause={"from": "2026-03-10", "to": "2026-03-20"})
    prefer(pulling, starting, since, day_starts_at=4)
    for learner in (resting, pausing, starting):
        practise(learner, 3, 2, 1)
    assert warned(pulling, at(20)) == 1
    assert warnings(pulling, starting)[0]["ends_at"] == "2026-03-11T03:00:00.000000Z"
    assert warned(pulling, at(20, days=1)) == 1  # the day after the rest day
    assert warnings(pulling, resting)[0]["day"] == "2026-03-11"
    assert warned(pulling, at(20, days=11)) == 1  # the first day after the pause
    assert warnings(pulling, pausing)[0]["day"] == "2026-03-21"


def test_totals_that_are_stale_are_counted_first(pulling: Flask) -> None:
    learner = Learner(pulling)
    practise(learner, 4, 3, 2, 1)
    last = learner.get("/history")["sessions"][0]
    path = f"/api/sessions/{last['session_result_id']}"
    learner.request("PATCH", path, json={"duration_seconds": 100})
    assert warned(pulling, at(20)) == 1


def test_a_learner_who_cannot_be_counted_just_now_delays_no_other(pulling: Flask) -> None:
    busy, other = Learner(pulling, "00000000-0000-4000-8000-000000000001"), Learner(pulling)
    for learner in (busy, other):
        practise(learner, 3, 2, 1)
    execute(pulling, f"UPDATE learner_totals SET counted = false WHERE user_id = '{busy.id}'")
    with pulling.app_context(), transaction(20) as connection:
        lock = sa.text("SELECT pg_advisory_xact_lock(:key)")
        connection.execute(lock, {"key": locks.key(busy.id)})
        assert warned(pulling, at(20)) == 1
    assert warned(pulling, at(20)) == 1
    assert warnings(pulling, busy)


def test_the_hour_is_a_setting(pulling: Flask) -> None:
    practise(Learner(pulling), 3, 2, 1)
    pulling.config["STREAK_WARNING_HOUR"] = 21
    assert warned(pulling, at(20, 59)) == 0
    assert warned(pulling, at(21)) == 1


def test_without_events_nothing_is_read(app: Flask) -> None:
    with recorded(app) as sent:
        assert warned(app, at(20)) == 0
    assert sent == []


def test_pages_find_every_learner(pulling: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(risk, "_PAGE", 2)
    monkeypatch.setattr(risk, "_NEXT", risk._page())
    learners = [Learner(pulling) for _ in range(5)]
    for place, learner in enumerate(learners):
        practise(learner, *((3, 2, 1) if place % 2 else (3, 2, 1, 0)))
    assert warned(pulling, at(20)) == 2
