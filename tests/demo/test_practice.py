"""`flask demo` and `flask token`."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask

from tests.factories import Learner
from tests.page.browsers import follow
from vorex_sessions.demo import practice, tokens

NOW = datetime(2026, 3, 15, 21, 30, tzinfo=UTC)


@pytest.fixture
def learner(app: Flask) -> Learner:
    """The demo learner. The sessions of the demo depend only on the learner and the day."""
    return Learner(app, tokens.DEMO_LEARNER)


def test_the_demo_has_half_a_year_and_can_run_again(in_app: Flask, learner: Learner) -> None:
    count = practice.fill(learner.id, now=NOW)
    assert 100 < count == learner.count()
    assert practice.fill(learner.id, now=NOW) == count == learner.count()
    practice.fill(learner.id, now=NOW + timedelta(days=30))
    assert count + 10 < learner.count() < count + 60


def test_the_demo_shows_something_everywhere(in_app: Flask, learner: Learner) -> None:
    practice.fill(learner.id, now=datetime.now(UTC))
    year = learner.get("/stats", period="year")
    assert year["sessions_by_type"].keys() == {"conversation", "pronunciation", "roleplay"}
    assert len(year["common_topics"]) == 10
    assert learner.get("/warmup")["vocabulary_review"]
    languages = learner.get("/languages")["languages"]
    assert {one["language"] for one in languages} == {"en", "es"}
    assert all(one["sessions"] > 20 for one in languages)
    for language in ("en", "es"):
        assert learner.get("/warmup", language=language)["vocabulary_review"]
        assert learner.get("/vocabulary", language=language)["total"] > 5


def test_the_demo_can_run_again_later_on_the_same_day(in_app: Flask, learner: Learner) -> None:
    early = datetime(2026, 3, 4, 18, tzinfo=UTC)  # the second of the day's sessions has ended
    practice.fill(learner.id, now=early)
    first = learner.count()
    count = practice.fill(learner.id, now=early + timedelta(hours=3))
    assert first < count == learner.count()


def test_the_demo_learner_has_a_goal_a_rest_day_and_a_pause(
    in_app: Flask, learner: Learner
) -> None:
    practice.fill(learner.id, now=NOW)
    practice.fill(learner.id, now=NOW + timedelta(days=1))
    first, second = learner.get("/export")["preferences"]
    assert (first["daily_goal_minutes"], first["rest_days"]) == (15, ["sunday"])
    assert first["set_on"] < second["set_on"] == second["pause_from"] < second["pause_to"]
    reached = {
        item["key"] for item in learner.get("/achievements")["achievements"] if item["value"]
    }
    assert {"goal_days_30", "goal_week"} <= reached


def test_the_token_command_mints_tokens_that_work(app: Flask) -> None:
    run = app.test_cli_runner().invoke
    for options, status in ((["--days", "2"], 200), (["--role", "service_role"], 403)):
        minted = run(args=["token", *options]).output.strip()
        headers = {"Authorization": f"Bearer {minted}"}
        assert app.test_client().get("/api/sessions/stats", headers=headers).status_code == status


def test_the_demo_prints_a_link_to_the_page_that_lives_for_a_day(
    in_app: Flask, learner: Learner
) -> None:
    practice.fill(learner.id, now=datetime.now(UTC))
    result = in_app.test_cli_runner().invoke(args=["demo", "--page", "http://localhost:8000"])
    address = result.output.splitlines()[-1]
    assert address.startswith("http://localhost:8000/progress/open?code=")
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=23), tick=True):
        response = follow(in_app.test_client(), address.removeprefix("http://localhost:8000"))
    assert response.status_code == 303
    plain = in_app.test_cli_runner().invoke(args=["demo"])
    assert "/progress" not in plain.output
