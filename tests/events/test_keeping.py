"""How long events are kept, what the operator is told, and what becomes of them after a restore."""

import re

import pytest
import requests
import sqlalchemy as sa
from flask import Flask

from tests.events.conftest import EITHER
from tests.events.delivering import command, deliver, execute
from tests.events.receiver import Receiver, status
from tests.events.test_outbox import queued, stored, types
from tests.factories import Learner
from tests.privacy.test_operator import restore, run, table_rows
from tests.serving import gunicorn
from vorex_sessions.events import pruning
from vorex_sessions.extensions import db
from vorex_sessions.sessions import purge_batches


def age(app: Flask, learner: Learner, days: int) -> None:
    execute(
        app,
        f"UPDATE events SET occurred_at = now() - interval '{days} days' "
        f"WHERE user_id = '{learner.id}'",
    )


def prune(app: Flask) -> int:
    with app.app_context():
        return pruning.prune()


@EITHER
def test_delivered_events_are_removed_after_some_days(
    pushing: Flask, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pruning, "_PAGE", 3)
    old, new = Learner(pushing), Learner(pushing)
    for learner in (old, new):
        for _ in range(4):
            learner.save()
    deliver(pushing)
    age(pushing, old, 8)
    age(pushing, new, 6)
    assert prune(pushing) > 4
    assert (stored(pushing, old), prune(pushing)) == ([], 0)
    assert types(pushing, new)


@EITHER
def test_events_that_wait_are_kept_for_30_days(pushing: Flask, receiver: Receiver) -> None:
    old, older = Learner(pushing), Learner(pushing)
    for learner in (old, older):
        learner.save()
    age(pushing, old, 29)
    age(pushing, older, 31)
    prune(pushing)
    assert stored(pushing, old)
    assert stored(pushing, older) == []
    deliver(pushing)
    assert {one.user_id for one in receiver.received} == {old.id}
    assert queued(pushing) == 0
    assert prune(pushing) > 0


def test_the_deliverer_removes_what_is_old(pushing: Flask, receiver: Receiver) -> None:
    learner = Learner(pushing)
    learner.save()
    deliver(pushing)
    age(pushing, learner, 8)
    deliver(pushing)
    assert stored(pushing) == []


def test_the_status_says_what_waits(pushing: Flask, receiver: Receiver) -> None:
    assert "events of 0 learners wait" in command(pushing, "status")
    for _ in range(2):
        Learner(pushing).save()
    receiver.answer = status(500)
    deliver(pushing)
    execute(pushing, "UPDATE event_queues SET since = now() - interval '100 s'")
    said = command(pushing, "status")
    assert re.search(r"events of 2 learners wait, the longest for 10\d s", said)
    assert "2 failing, last answer: HTTP 500" in said


def test_without_a_destination_commands_say_so(app: Flask) -> None:
    assert "set WEBHOOK_URL" in command(app, "status")
    assert "WEBHOOK_URL is not set" in command(app, "test", status=1)
    assert "webhook is not configured" in command(app, "enable", status=1)
    assert command(app, "deliver", "--once") == "Delivered 0 events; 0 attempts failed.\n"


def test_metrics_say_since_when_an_event_waits(
    pushing: Flask, receiver: Receiver, database_url: str
) -> None:
    Learner(pushing).save()
    execute(pushing, "UPDATE event_queues SET since = to_timestamp(1000)")
    secrets = {"WEBHOOK_URL": receiver.url, "WEBHOOK_SECRETS": "whsec_" + "A" * 44}
    name = 'vorex_events_waiting_since_timestamp_seconds{destination="webhook"}'
    with gunicorn(database_url, **secrets) as (address, _):
        assert f"{name} 1000.0" in requests.get(f"{address}/metrics", timeout=5).text
        deliver(pushing)
        found = re.search(
            rf"{re.escape(name)} (\S+)", requests.get(f"{address}/metrics", timeout=5).text
        )
        assert found
        assert float(found[1]) > 1_700_000_000


@EITHER
def test_after_a_restore_nothing_of_an_erased_learner_is_sent_but_the_erasure(
    pushing: Flask, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(purge_batches, "_BATCH", 2)
    purge_batches._statements.cache_clear()
    learner, other = Learner(pushing), Learner(pushing)
    for person in (learner, other):
        for _ in range(3):
            person.save(completed_at="2026-01-01T10:00:00Z")
    backup = {
        name: table_rows(pushing, name) for name in ("session_results", "events", "event_queues")
    }
    learner.request("DELETE", "/api/sessions?confirm=true")
    kept = run(pushing, "tombstones")
    restore(pushing, backup["session_results"])
    put_back(pushing, backup)
    run(pushing, "replay", "-", stdin=kept)
    deliver(pushing)
    assert [one.event["type"] for one in receiver.of(learner.id)] == ["learner.erased"]
    assert {one.user_id for one in receiver.received} == {learner.id, other.id}
    assert queued(pushing) == 0
    purge_batches._statements.cache_clear()


def put_back(app: Flask, backup: dict[str, list[dict]]) -> None:
    with app.app_context(), db.engine.connect() as connection:
        for name in ("events", "event_queues"):
            connection.execute(sa.insert(db.metadata.tables[name]), backup[name])


def test_queues_of_a_destination_that_is_no_more_are_removed_in_the_end(
    app: Flask, pushing: Flask
) -> None:
    old, new = Learner(pushing), Learner(pushing)
    for learner in (old, new):
        learner.save()
    age(pushing, old, 31)
    execute(
        pushing,
        f"UPDATE event_queues SET since = now() - interval '31 days' WHERE user_id = '{old.id}'",
    )
    prune(app)
    assert [str(row.user_id) for row in execute(app, "SELECT user_id FROM event_queues")] == [
        new.id
    ]
