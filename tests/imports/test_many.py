"""Files of thousands of sessions, beside saves, and random files."""

import threading
from random import Random
from typing import Any
from uuid import uuid4

import orjson
import pytest
from flask import Flask

from tests.factories import Learner, content, sendable
from tests.imports.practice import (
    counts,
    download,
    lasting,
    practise,
    session,
    take_back,
)
from tests.postgres import empty_tables
from tests.sessions.test_races import at_once, clones
from vorex_sessions.hooks.rebuild import rebuild

DERIVED = ("totals", "words", "memories", "skills", "achievements")


def derived(learner: Learner) -> dict[str, Any]:
    whole = orjson.loads(download(learner))
    return {member: whole[member] for member in DERIVED}


def rebuilt(app: Flask, learner: Learner) -> dict[str, Any]:
    with app.app_context():
        rebuild(learner.id, everything=True)
    return derived(learner)


def test_sessions_of_several_transactions_come_back_with_all_that_is_derived(
    app: Flask, learner: Learner
) -> None:
    random = Random(1)
    days = [random.randrange(60) for _ in range(500)]
    rows = [orjson.dumps(session(random, day)) for day in days]
    assert counts(take_back(learner, b"\n".join(rows), "ndjson")) == (500, 0, 0)
    whole = derived(learner)
    assert whole["totals"][0]["sessions"] == 500
    assert rebuilt(app, learner) == whole
    export = download(learner)
    empty_tables(app)
    assert counts(take_back(learner, export)) == (500, 0, 0)
    assert lasting(download(learner)) == lasting(export)
    assert counts(take_back(learner, b"\n".join([*rows, *rows]), "ndjson")) == (0, 1000, 0)


@pytest.mark.parametrize("seed", range(3))
def test_an_import_among_other_sessions_leaves_nothing_wrong(
    app: Flask, learner: Learner, seed: int
) -> None:
    """Earlier and later sessions, settings and words of the same learner are there already."""
    random = Random(seed)
    practise(learner, random, 12)
    export = download(learner)
    empty_tables(app)
    for day in (5, 30, 70):
        learner.save(**session(random, day))
    learner.request("PUT", "/api/sessions/preferences", json={"day_starts_at": 6})
    answer = take_back(learner, export)
    assert counts(answer) == (13, 0, 0)
    whole = derived(learner)
    assert rebuilt(app, learner) == whole


@pytest.mark.parametrize("seed", range(3))
def test_a_dry_run_of_a_random_file_tells_what_the_import_does(learner: Learner, seed: int) -> None:
    random = Random(seed)
    stored = [learner.save(**session(random, day)) for day in range(8)]
    for one in stored[:3]:
        learner.request("DELETE", f"/api/sessions/{one['session_result_id']}")
    new = [session(random, random.randrange(60)) for _ in range(20)]
    rows: list[Any] = [random.choice([*stored, *new]) for _ in range(60)]
    for place in random.sample(range(60), 15):
        change = random.choice([{"topics": ["other"]}, {"duration_seconds": "x"}, {"mood": 1}])
        rows[place] = {**rows[place], **change} if random.random() < 0.8 else random.choice([1, []])
    body = b"\n".join(map(orjson.dumps, rows))
    planned = take_back(learner, body, "ndjson", dry_run=True)
    done = take_back(learner, body, "ndjson")
    assert planned == {**done, "dry_run": True}
    assert min(counts(done)) > 0


def test_imports_and_saves_at_once_store_each_session_once(app: Flask, learner: Learner) -> None:
    random = Random(3)
    practise(learner, random, 20)
    before = lasting(download(learner))
    export = download(learner)
    sessions = orjson.loads(export)["sessions"]
    empty_tables(app)
    statuses: list[int] = []
    lock = threading.Lock()

    def save(phone: Learner, some: list[dict[str, Any]]) -> None:
        for one in some:
            status = phone.try_save(sendable(one)).status_code
            with lock:
                statuses.append(status)

    phones = clones(learner, 4)
    answers = at_once(
        lambda: take_back(phones[0], export),
        lambda: take_back(phones[1], export),
        lambda: save(phones[2], sessions[::-1]),
        lambda: save(phones[3], sessions),
    )
    created = sum(answer["created"] for answer in answers[:2]) + statuses.count(201)
    assert created == len(sessions) == learner.count()
    assert not any(answer["rejected"] for answer in answers[:2])
    assert set(statuses) <= {200, 201}
    after = lasting(download(learner))
    for member in ("words", "memories", "skills", "comparison", "preferences", "deleted_sessions"):
        assert after[member] == before[member]
    whole = derived(learner)
    assert rebuilt(app, learner) == whole


def test_the_largest_sessions_come_back(learner: Learner) -> None:
    """More words than a save of the usual kind has: what may follow does."""
    words = [f"word {number}" for number in range(500)]
    rows = [
        content(
            session_result_id=str(uuid4()),
            completed_at=f"2026-01-{1 + number % 28:02}T10:00:00Z",
            vocabulary_learned=words,
            vocabulary_results=[{"word": word, "outcome": "good"} for word in words],
        )
        for number in range(60)
    ]
    assert counts(take_back(learner, orjson.dumps({"sessions": rows}))) == (60, 0, 0)
    whole = orjson.loads(download(learner))
    assert len(whole["words"]) == len(whole["memories"]) == 500
    assert {row["times_seen"] for row in whole["words"]} == {60}
