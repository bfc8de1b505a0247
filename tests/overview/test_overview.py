"""Several answers in one request: GET /api/sessions/overview."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from random import Random
from threading import Thread
from time import sleep
from typing import Any

import orjson
import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import DBAPIError

from tests import postgres
from tests.contract import document
from tests.factories import Learner, content, pointers
from tests.sessions.changes import alter
from tests.statements import recorded
from vorex_sessions.database import run, run_transaction
from vorex_sessions.database.one_snapshot import in_snapshot
from vorex_sessions.hooks.registry import registry
from vorex_sessions.progress import rollups
from vorex_sessions.web.openapi_overview import MOST_PARTS

MOMENT = re.compile(rb'(?<="generated_at":)"[^"]+"')  # that an answer was made


def names(app: Flask) -> list[str]:
    with app.app_context():
        return list(registry().answers)


def get(learner: Learner, include: Iterable[str], **parameters: Any) -> dict[str, Any]:
    return learner.get("/overview", include=",".join(include), **parameters)


def raw(learner: Learner, path: str, **query: Any) -> bytes:
    response = learner.request("GET", f"/api/sessions/{path}", query_string=query)
    assert response.status_code == 200, response.text
    return MOMENT.sub(b"", response.data)


def refuse_difference(learner: Learner) -> None:
    """Fail unless the overview has each answer byte for byte."""
    every = names(learner.app)
    for start in range(0, len(every), MOST_PARTS):
        parts = every[start : start + MOST_PARTS]
        whole = raw(learner, "overview", include=",".join(parts))
        alone = [orjson.dumps(name) + b":" + raw(learner, name) for name in parts]
        assert whole == b"{" + b",".join(alone) + b"}"


def test_a_learner_without_sessions_has_an_overview(learner: Learner) -> None:
    refuse_difference(learner)
    learner.save(topics=["travel"])
    refuse_difference(learner)


def practice(random: Random) -> dict[str, Any]:
    """A session as an app sends it, of one of three languages."""
    return content(
        session_type=random.choice(["conversation", "pronunciation", "roleplay"]),
        duration_seconds=random.randrange(1200),
        completed_at=(datetime.now(UTC) - timedelta(hours=random.randrange(900))).isoformat(),
        timezone=random.choice(["Europe/Berlin", "America/Lima", "UTC"]),
        language=random.choice(["en", "de", "pt-BR"]),
        topics=random.sample(["travel", "food", "work"], random.randrange(3)),
        areas_to_improve=random.sample(["past tense", "word order"], random.randrange(2)),
        fluency_score=random.choice([None, random.randrange(100)]),
        vocabulary_learned=random.sample(["gift", "Brücke", "ship"], random.randrange(3)),
        vocabulary_results=[{"word": "gift", "outcome": random.choice(["again", "good"])}],
    )


@pytest.mark.parametrize("seed", range(4))
def test_each_part_is_byte_for_byte_what_its_endpoint_answers(app: Flask, seed: int) -> None:
    random, learner, stored = Random(seed), Learner(app), []
    if seed % 2:
        preferences = {"day_starts_at": 3, "week_starts_on": "sunday", "daily_goal_minutes": 10}
        learner.request("PUT", "/api/sessions/preferences", json=preferences)
        learner.request("PUT", "/api/sessions/comparison", json={"opt_in": True})
    for _ in range(4):
        alter(learner, random, "batch", stored, practice)
        alter(learner, random, random.choice(["patch", "delete"]), stored, practice)
        if random.random() < 0.5:
            learner.get("/streak")  # rebuilds what is stale
        refuse_difference(learner)
    while stored:  # what was derived is stale, and there is nothing to derive it from
        alter(learner, random, "delete", stored, practice)
    refuse_difference(learner)


def test_parameters_of_a_part_have_its_name_before_theirs(learner: Learner) -> None:
    learner.save(topics=["travel"], vocabulary_learned=["gift"])
    learner.save(completed_at="2026-03-01T12:00:00Z", vocabulary_learned=["Brücke"])
    parameters = {
        "stats.period": "all",
        "daily-breakdown.days": "3",
        "vocabulary.q": "brücke",
        "history.limit": "1",
    }
    parts = ["vocabulary", "stats", "daily-breakdown", "streak", "history"]
    whole = get(learner, parts, **parameters)
    assert list(whole) == parts
    assert whole["stats"] == learner.get("/stats", period="all")
    assert whole["daily-breakdown"] == learner.get("/daily-breakdown", days=3)
    assert whole["vocabulary"] == learner.get("/vocabulary", q="brücke")
    assert whole["history"] == learner.get("/history", limit=1)
    assert whole["streak"] == learner.get("/streak")


def test_what_is_not_understood_is_refused_by_its_whole_name(learner: Learner) -> None:
    for query, parameter in [
        ({}, "include"),
        ({"include": ""}, "include"),
        ({"include": "stats,nothing"}, "include"),
        ({"include": "stats,"}, "include"),
        ({"include": "export"}, "include"),
        ({"include": "overview"}, "include"),
        ({"include": "stats,streak,stats"}, "include"),
        ({"include": ",".join(names(learner.app))}, "include"),
        ({"include": "stats", "period": "month"}, "period"),
        ({"include": "stats", "stats.period": "decade"}, "stats.period"),
        ({"include": "stats", "stats.nothing": "1"}, "stats.nothing"),
        ({"include": "stats", "stats.date_from": "2026-03-01"}, "stats.date_to"),
        ({"include": "stats", "streak.timezone": "UTC"}, "streak.timezone"),
        ({"include": "stats", "nothing.x": "1"}, "nothing.x"),
        ({"include": "stats", ".period": "1"}, ".period"),
        ({"include": "achievements", "achievements.x": "1"}, "achievements.x"),
        ({"include": "history", "history.cursor": "x"}, "history.cursor"),
        (
            {
                "include": "history",
                "history.date_from": "2026-03-02",
                "history.date_to": "2026-03-01",
            },
            "history.date_from",
        ),
    ]:
        response = learner.request("GET", "/api/sessions/overview", query_string=query)
        assert pointers(response) == [parameter], query
        assert orjson.loads(response.data)["detail"].startswith(f"{parameter} "), response.text
    twice = learner.request("GET", "/api/sessions/overview?include=stats&include=streak")
    assert pointers(twice) == ["include"]


def test_every_answer_without_a_path_is_a_part(app: Flask) -> None:
    gets = {
        path.rpartition("/")[2]
        for path, operations in document(app)["paths"].items()
        if path.startswith("/api/sessions/")
        and "{" not in path
        and "get" in operations
        and not path.endswith(".svg")  # a drawing is no member of a JSON object
    }
    assert gets - set(names(app)) == {"overview", "export", "changes", "live"}


def test_an_overview_is_one_transaction_on_one_connection(app: Flask, learner: Learner) -> None:
    learner.save()
    parts = ["stats", "streak", "warmup", "daily-breakdown", "achievements"]
    get(learner, parts)  # whatever the first connection has to do
    with recorded(app) as sent:
        get(learner, parts)
    assert len(sent) == len(parts) + 1
    assert sent[0].startswith("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;")
    assert sent[-1] == "COMMIT"


def test_the_parts_agree_whatever_is_saved_meanwhile(app: Flask) -> None:
    learner = Learner(app)
    ids = [learner.save()["session_result_id"]]

    def write() -> None:
        writer = Learner(app, learner.id)
        for _ in range(20):  # 100 writes, fewer than the limit of a minute
            ids.extend(writer.save()["session_result_id"] for _ in range(4))
            writer.request("DELETE", f"/api/sessions/{ids.pop(0)}")
            sleep(0.02)

    thread = Thread(target=write)
    thread.start()
    try:
        totals = []
        while thread.is_alive():
            query = {"include": "stats,daily-breakdown,history,streak,languages"}
            response = learner.request("GET", "/api/sessions/overview", query_string=query)
            if response.status_code == 503:  # stale again and again; it does not lie
                continue
            whole = orjson.loads(response.data)
            totals.append(whole["history"]["total"])
            assert whole["stats"]["total_sessions"] == totals[-1]
            assert whole["daily-breakdown"]["totals"]["sessions"] == totals[-1]
            assert whole["languages"]["languages"][0]["sessions"] == totals[-1]
            assert whole["streak"]["seconds_today"] == 300 * totals[-1]
    finally:
        thread.join()
    assert len(set(totals)) > 5


@pytest.mark.limits_of_time
def test_a_part_that_fails_fails_the_whole(in_app: Flask, learner: Learner) -> None:
    learner.save()
    with postgres.transaction() as connection:
        connection.execute(sa.text("LOCK TABLE learner_achievements IN ACCESS EXCLUSIVE MODE"))
        query = {"include": "stats,achievements"}
        response = learner.request("GET", "/api/sessions/overview", query_string=query)
        assert response.status_code == 503
        assert "ETag" not in response.headers
        get(learner, ["stats", "languages"])
    get(learner, ["stats", "achievements"])


def test_an_overview_is_made_again_where_its_connection_is_lost(
    in_app: Flask, learner: Learner
) -> None:
    learner.save()
    get(learner, ["stats", "streak"])
    ended = sa.text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid != pg_backend_pid()"
    )
    with postgres.transaction() as connection:
        connection.execute(ended)
    assert get(learner, ["stats", "streak"])["stats"]["total_sessions"] == 1


@pytest.mark.limits_of_time
def test_a_rollup_is_stored_after_the_answer_and_need_not_be(
    in_app: Flask, learner: Learner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollups, "MANY", 1)
    learner.save(completed_at=(datetime.now(UTC) - timedelta(days=40)).isoformat())
    with postgres.transaction() as connection:
        connection.execute(sa.text("LOCK TABLE learner_rollups IN SHARE MODE"))
        get(learner, ["stats", "streak"], **{"stats.period": "all"})
    get(learner, ["stats", "streak"], **{"stats.period": "all"})
    assert len(learner.get("/export")["rollups"]) == 1


def test_within_a_snapshot_nothing_is_written(in_app: Flask) -> None:
    def write() -> None:
        run_transaction(lambda transaction: None)

    with pytest.raises(RuntimeError, match="after_snapshot"):
        in_snapshot(write)
    with pytest.raises(DBAPIError, match="read-only"):
        in_snapshot(lambda: run(sa.text("CREATE TABLE nothing ()")))
    assert run(sa.text("SELECT 1 AS one"))[0].one == 1
