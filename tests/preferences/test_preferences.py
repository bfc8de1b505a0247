"""Setting and showing the learner's calendar and goals."""

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from werkzeug.test import TestResponse

from tests.factories import Learner, pointers
from tests.statements import recorded

DEFAULTS = {
    "day_starts_at": 0,
    "week_starts_on": "monday",
    "daily_goal_minutes": 10,
    "weekly_goal_days": None,
    "rest_days": [],
    "pause": None,
}
CHANGED = {
    "day_starts_at": 4,
    "week_starts_on": "sunday",
    "daily_goal_minutes": 15,
    "weekly_goal_days": 5,
    "rest_days": ["wednesday", "sunday"],
    "pause": {"from": "2026-07-01", "to": "2026-07-14"},
}


def put(learner: Learner, body: Any) -> TestResponse:
    return learner.request("PUT", "/api/sessions/preferences", json=body)


def set_to(learner: Learner, **values: Any) -> dict:
    answer = put(learner, values)
    assert answer.status_code == 200, answer.text
    return orjson.loads(answer.data)


def test_a_learner_who_has_set_nothing_has_the_defaults(learner: Learner) -> None:
    assert learner.get("/preferences") == DEFAULTS


def test_what_is_set_is_shown_to_its_learner_only(learner: Learner, other: Learner) -> None:
    assert set_to(learner, **CHANGED) == CHANGED
    assert learner.get("/preferences") == CHANGED
    assert other.get("/preferences") == DEFAULTS


def test_what_is_left_out_is_set_to_its_default(learner: Learner) -> None:
    set_to(learner, **CHANGED)
    assert set_to(learner, day_starts_at=2) == {**DEFAULTS, "day_starts_at": 2}
    assert set_to(learner) == DEFAULTS
    assert learner.get("/preferences") == DEFAULTS


def test_no_goal_differs_from_the_default_goal(learner: Learner) -> None:
    assert set_to(learner, daily_goal_minutes=None)["daily_goal_minutes"] is None
    assert learner.get("/preferences")["daily_goal_minutes"] is None


def test_rest_days_come_back_in_the_order_of_the_week_without_repeats(learner: Learner) -> None:
    given = ["sunday", "monday", "sunday"]
    assert set_to(learner, rest_days=given)["rest_days"] == ["monday", "sunday"]


@pytest.mark.parametrize(
    ("body", "pointer", "rule"),
    [
        ({"day_starts_at": 7}, "/day_starts_at", "must be a whole number from 0 to 6"),
        ({"day_starts_at": None}, "/day_starts_at", "may not be null"),
        ({"day_starts_at": "4"}, "/day_starts_at", "must be a whole number from 0 to 6"),
        (
            {"week_starts_on": "friday"},
            "/week_starts_on",
            "must be one of monday, sunday, saturday",
        ),
        ({"daily_goal_minutes": 0}, "/daily_goal_minutes", "must be a whole number from 1 to 1440"),
        ({"daily_goal_minutes": 1441}, "/daily_goal_minutes", "from 1 to 1440"),
        ({"weekly_goal_days": 8}, "/weekly_goal_days", "must be a whole number from 1 to 7"),
        ({"rest_days": "sunday"}, "/rest_days", "must be a list of weekdays"),
        ({"rest_days": ["sunday"] * 8}, "/rest_days", "must be a list of weekdays"),
        ({"rest_days": ["monday", "Sunday"]}, "/rest_days/1", "must be one of monday, tuesday"),
        ({"rest_days": [None]}, "/rest_days/0", "may not be null"),
        ({"pause": "2026-07-01"}, "/pause", "must be a JSON object"),
        ({"pause": {"from": "2026-07-01"}}, "/pause/to", "pause.to is required"),
        ({"pause": {"from": 1, "to": "2026-07-01"}}, "/pause/from", "must be a date such as"),
        (
            {"pause": {"from": "2026-02-30", "to": "2026-07-01"}},
            "/pause/from",
            "must be a date such as",
        ),
        (
            {"pause": {"from": "2026-07-02", "to": "2026-07-01"}},
            "/pause/to",
            "pause.to must not be before pause.from",
        ),
        (
            {"pause": {"from": "2026-07-02", "to": "2027-07-03"}},
            "/pause/to",
            "must be at most 366 days after",
        ),
        ({"goal": 3}, "/goal", "is not a known field"),
        (
            {"pause": {"from": "2026-07-01", "to": "2026-07-01", "for": 3}},
            "/pause/for",
            "not a known",
        ),
    ],
)
def test_what_breaks_a_rule_is_refused_with_its_place(
    learner: Learner, body: dict, pointer: str, rule: str
) -> None:
    set_to(learner, **CHANGED)
    answer = put(learner, body)
    assert pointers(answer) == [f"#{pointer}"]
    assert rule in orjson.loads(answer.data)["detail"]
    assert learner.get("/preferences") == CHANGED


def test_the_longest_pause_and_the_last_days_of_the_calendar_are_taken(learner: Learner) -> None:
    for pause in (
        {"from": "2026-07-01", "to": "2027-07-01"},
        {"from": "9999-01-01", "to": "9999-12-31"},
        {"from": "0001-01-01", "to": "0001-01-01"},
    ):
        assert set_to(learner, pause=pause, rest_days=["monday"])["pause"] == pause
        learner.save()
        assert learner.get("/streak")["current"] == 1


def test_a_learner_may_rest_every_day_and_the_streak_then_has_no_end(learner: Learner) -> None:
    names = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    set_to(learner, rest_days=list(names))
    learner.save()
    streak = learner.get("/streak")
    assert (streak["current"], streak["ends_at"], streak["at_risk"]) == (1, None, False)


def test_the_last_change_of_a_day_is_kept_and_each_earlier_day(learner: Learner) -> None:
    set_to(learner, daily_goal_minutes=1)
    set_to(learner, daily_goal_minutes=2)
    (row,) = learner.get("/export")["preferences"]
    assert row["daily_goal_minutes"] == 2
    assert row["set_on"] == datetime.now(UTC).date().isoformat()


def test_who_sets_the_defaults_has_set_something(learner: Learner) -> None:
    assert learner.get("/export")["preferences"] == []
    set_to(learner)
    assert len(learner.get("/export")["preferences"]) == 1


def test_setting_what_is_set_already_writes_nothing(learner: Learner) -> None:
    set_to(learner, **CHANGED)
    with recorded(learner.app) as sent:
        set_to(learner, **CHANGED)
    assert not any("INSERT" in text for text in sent)


def test_a_day_is_set_by_the_learners_own_calendar(learner: Learner) -> None:
    learner.save(timezone="Pacific/Kiritimati")
    set_to(learner, week_starts_on="sunday")
    (row,) = learner.get("/export")["preferences"]
    assert row["set_on"] == (datetime.now(UTC) + timedelta(hours=14)).date().isoformat()


def test_a_closed_account_sets_nothing(learner: Learner) -> None:
    from tests.privacy.test_operator import close

    set_to(learner, **CHANGED)
    close(learner)
    assert put(learner, CHANGED).status_code == 410
    assert learner.get("/preferences") == DEFAULTS


def test_an_erasure_removes_what_was_set_and_it_can_be_set_again(learner: Learner) -> None:
    set_to(learner, **CHANGED)
    learner.request("DELETE", "/api/sessions?confirm=true")
    assert learner.get("/preferences") == DEFAULTS
    assert set_to(learner, **CHANGED) == CHANGED


def test_showing_takes_one_statement_and_setting_two(learner: Learner) -> None:
    learner.save()
    with recorded(learner.app) as sent:
        learner.get("/preferences")
    assert len(sent) == 1
    with recorded(learner.app) as sent:
        set_to(learner, **CHANGED)
    assert len(sent) == 2
