"""Several languages: each answers as if there were no other."""

import csv
import io
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any
from uuid import uuid4

import orjson
import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories import Learner
from tests.postgres import transaction
from tests.preferences.test_preferences import set_to
from tests.sessions.changes import alter
from tests.statements import recorded, statements
from vorex_sessions.growth.service import show_streak
from vorex_sessions.languages.service import list_languages
from vorex_sessions.progress.breakdown import daily_breakdown
from vorex_sessions.progress.stats import stats
from vorex_sessions.sessions import history, service
from vorex_sessions.trends.service import show_trends

LANGUAGES = ("de", "es", "pt-BR")
NOW = datetime(2026, 3, 29, 12, tzinfo=UTC)
SESSION = st.fixed_dictionaries(
    {
        "language": st.sampled_from(LANGUAGES),
        # The days of a month or so, and years ago; travellers' are up to a day ahead.
        "hours_ago": st.one_of(st.integers(0, 900), st.sampled_from([9000, 9024, 18_000])),
        "timezone": st.sampled_from(["UTC", "Europe/Berlin", "Pacific/Kiritimati", "UTC-12:00"]),
        "session_type": st.sampled_from(["conversation", "pronunciation", "roleplay"]),
        "duration_seconds": st.sampled_from([0, 29, 31, 60, 600]),
        "fluency_score": st.one_of(st.none(), st.integers(0, 100)),
        "topics": st.lists(st.sampled_from(["Food", "food", "travel"]), max_size=2, unique=True),
    }
)
ZONES = st.sampled_from(["UTC", "Europe/Berlin", "Pacific/Kiritimati", "UTC-12:00"])


def saved(learner_id: str, session: dict[str, Any], number: int) -> dict[str, Any]:
    hours = session["hours_ago"]
    content = {name: value for name, value in session.items() if name != "hours_ago"}
    content["completed_at"] = NOW - timedelta(hours=hours, seconds=number)
    service.save(learner_id, content, now=NOW)
    return content


def as_sent(answer: dict[str, Any]) -> dict[str, Any]:
    """An answer of a service, in which sessions may be JSON already, as clients get it."""
    sent: dict[str, Any] = orjson.loads(orjson.dumps(answer))
    return sent


def answers(learner_id: str, zone: str, language: str | None) -> dict[str, Any]:
    """Every answer that a language narrows, without ids and times of storage."""
    options: dict[str, Any] = {"zone_name": zone, "language": language, "now": NOW}
    narrowed = {} if language is None else {"language": language}
    page = as_sent(history.page(learner_id, limit=100, **narrowed))
    return {
        "history": [
            (one["completed_at"], one["language"], one["duration_seconds"])
            for one in page["sessions"]
        ],
        "total": page["total"],
        "stats": [
            stats(learner_id, period=period, **options)
            for period in ("day", "week", "month", "year", "all")
        ],
        "breakdown": daily_breakdown(learner_id, days=40, **options),
        "trends": show_trends(learner_id, period="month", **options),
        "streak": show_streak(learner_id, goal_minutes=10, **options),
    }


@settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(sessions=st.lists(SESSION, max_size=14), zone=ZONES)
def test_a_language_answers_as_if_there_were_no_other(
    in_app: Flask, sessions: list[dict], zone: str
) -> None:
    everything, alone = str(uuid4()), {language: str(uuid4()) for language in LANGUAGES}
    contents = []
    for number, session in enumerate(sessions):
        contents.append(saved(everything, session, number))
        saved(alone[session["language"]], session, number)
    for language in LANGUAGES:
        assert answers(everything, zone, language) == answers(alone[language], zone, None)
    expected = []
    newest_first = sorted(contents, key=lambda one: one["completed_at"], reverse=True)
    for language in dict.fromkeys(one["language"] for one in newest_first):
        whole = answers(alone[language], zone, None)
        days = as_sent(history.page(alone[language], limit=100))["sessions"]
        expected.append(
            {
                "language": language,
                "sessions": whole["total"],
                "minutes": round(whole["stats"][-1]["total_duration"] / 60, 1),
                "last_practiced_on": date.fromisoformat(max(one["practiced_on"] for one in days)),
                "current_streak": whole["streak"]["current"],
            }
        )
    assert list_languages(everything, zone_name=zone, now=NOW) == {"languages": expected}


def test_a_learner_without_sessions_has_no_language(learner: Learner) -> None:
    assert learner.get("/languages") == {"languages": []}
    assert learner.get("/streak", language="es")["current"] == 0


def test_a_learner_of_one_language_says_nothing_and_sees_it(learner: Learner) -> None:
    learner.save()
    (only,) = learner.get("/languages")["languages"]
    assert (only["language"], only["sessions"], only["minutes"]) == ("en", 1, 5.0)
    assert only["current_streak"] == 1
    for path in ("/history", "/stats", "/streak", "/daily-breakdown", "/trends"):
        assert learner.get(path) == learner.get(path, language="EN")


def test_of_sessions_of_the_same_moment_the_language_of_the_greater_id_is_the_latest(
    learner: Learner,
) -> None:
    for first, language in (("1", "fr"), ("f", "es"), ("8", "de")):
        learner.save(
            language=language,
            session_result_id=f"{first}0000000-0000-4000-8000-000000000001",
            completed_at="2026-03-01T12:00:00Z",
        )
    page = learner.get("/languages")["languages"]
    assert [one["language"] for one in page] == ["es", "de", "fr"]


def test_the_day_that_is_today_follows_the_latest_session_or_the_query(learner: Learner) -> None:
    now = datetime.now(UTC)
    learner.save(completed_at=(now - timedelta(hours=60)).isoformat(), timezone="UTC+14:00")
    streaks = [
        learner.get("/languages", **query)["languages"][0]["current_streak"]
        for query in ({}, {"timezone": "UTC+14:00"}, {"timezone": "UTC-14:00"})
    ]
    assert streaks[0] == streaks[1] == 0
    direct = learner.get("/streak", language="en", timezone="UTC-14:00")["current"]
    assert streaks[2] == direct


def test_the_streak_of_a_language_knows_rest_days_and_when_a_day_starts(learner: Learner) -> None:
    def streaks() -> list[int]:
        (listed,) = learner.get("/languages")["languages"]
        return [listed["current_streak"], learner.get("/streak", language="es")["current"]]

    def at(time: str) -> time_machine.travel:
        return time_machine.travel(datetime.fromisoformat(f"{time}Z"), tick=False)

    with at("2026-03-02T12:00:00"):
        set_to(learner, day_starts_at=4, rest_days=["wednesday"])
    for day in ("02", "03", "05"):  # Wednesday the 4th is missed
        with at(f"2026-03-{day}T12:00:00"):
            learner.save(language="es", timezone="UTC")
    for time, streak in (("05T12:00:00", 3), ("07T03:59:59", 3), ("07T04:00:00", 0)):
        with at(f"2026-03-{time}"):
            assert streaks() == [streak, streak]


@pytest.mark.parametrize(
    "path",
    ["/history", "/stats", "/daily-breakdown", "/trends", "/streak", "/export"],
)
def test_a_language_is_asked_for_in_any_spelling_and_a_malformed_one_is_refused(
    learner: Learner, path: str
) -> None:
    learner.save(language="pt-BR", fluency_score=50)
    learner.save(language="pt")
    asked = [
        learner.request("GET", f"/api/sessions{path}?language={tag}").data
        for tag in ("pt-BR", "PT_br")
    ]
    if path == "/export":  # has the time of the download
        asked = [orjson.loads(body)["sessions"] for body in asked]
    assert asked[0] == asked[1]
    for wrong in ("english", "", "pt-BR-", "*"):
        refused = learner.request("GET", f"/api/sessions{path}?language={wrong}")
        assert refused.status_code == 422
        assert refused.get_json()["errors"][0]["parameter"] == "language"


def test_a_cursor_belongs_to_its_language(learner: Learner) -> None:
    for language in ("de", "es", "de", "es", "de"):
        learner.save(language=language)
    page, seen = learner.get("/history", language="de", limit=2), []
    seen += page["sessions"]
    cursor = page["next_cursor"]
    for other in ({}, {"language": "es"}):
        refused = learner.request(
            "GET", "/api/sessions/history", query_string={"cursor": cursor, "limit": 2, **other}
        )
        assert refused.status_code == 422
    page = learner.get("/history", language="DE", limit=2, cursor=cursor)
    seen += page["sessions"]
    assert [one["language"] for one in seen] == ["de"] * 3
    assert (page["total"], page["has_more"]) == (3, False)


@pytest.mark.parametrize("file_format", ["json", "ndjson", "csv"])
def test_an_export_of_a_language_has_its_sessions(learner: Learner, file_format: str) -> None:
    kept = [learner.save(language="es")["session_result_id"] for _ in range(3)]
    learner.save(language="de")
    path = f"/api/sessions/export?format={file_format}&language=es"
    text = learner.request("GET", path).get_data(as_text=True)
    if file_format == "json":
        rows = orjson.loads(text)["sessions"]
    elif file_format == "ndjson":
        rows = [orjson.loads(line) for line in text.splitlines()]
    else:
        rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["session_result_id"] for row in rows] == kept[::-1]
    assert {row["language"] for row in rows} == {"es"}


def practice(random: Random) -> dict[str, Any]:
    ended = datetime.now(UTC) - timedelta(hours=random.randrange(600))
    return {
        "session_type": random.choice(["conversation", "roleplay"]),
        "duration_seconds": random.choice([20, 50, 300]),
        "language": random.choice(LANGUAGES),
        "completed_at": ended.isoformat(),
    }


def test_after_any_changes_languages_are_those_of_the_sessions(learner: Learner) -> None:
    random, stored = Random(5), []  # no secret
    for step in range(60):
        what = random.choice(["save", "save", "batch", "patch", "delete"]) if stored else "save"
        if what == "save":
            stored.append(learner.save(**practice(random))["session_result_id"])
        else:
            alter(learner, random, what, stored, practice)
        if step % 10 == 9:
            sessions = learner.get("/export")["sessions"]
            page = learner.get("/languages")["languages"]
            for one in page:
                own = [s for s in sessions if s["language"] == one["language"]]
                assert one["sessions"] == len(own)
                assert one["last_practiced_on"] == max(s["practiced_on"] for s in own)
                query = {"language": one["language"]}
                assert one["current_streak"] == learner.get("/streak", **query)["current"]
            latest_first = dict.fromkeys(s["language"] for s in sessions)
            assert [one["language"] for one in page] == list(latest_first)


def test_the_list_is_one_statement(app: Flask, learner: Learner) -> None:
    learner.save()
    with recorded(app) as sent:
        learner.get("/languages")
    assert len(list(statements(sent))) == 1


def test_a_rollup_answers_for_no_language(app: Flask, learner: Learner) -> None:
    learner.save(completed_at="2026-01-01T12:00:00Z", language="de")
    learner.save(completed_at="2026-01-02T12:00:00Z", language="es")
    with app.app_context(), transaction() as connection:
        wrong = [["figures", None, "2026-01-01", None, "roleplay", 99, 1, 1, *[None, 0] * 3]]
        connection.execute(
            sa.text("INSERT INTO learner_rollups VALUES (:id, '2026-02-01', :tallies)"),
            {"id": learner.id, "tallies": orjson.dumps(wrong).decode()},
        )
    assert learner.get("/stats", period="all")["total_sessions"] == 99
    assert learner.get("/stats", period="all", language="es")["total_sessions"] == 1
