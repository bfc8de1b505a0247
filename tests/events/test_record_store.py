"""Statements of xAPI to a learning record store (LRS); to a real one in tests/external/test_lrs.py."""

import base64
import json
import random
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
import pytest
from flask import Flask

import config
import required_settings
from tests.events.conftest import EITHER, KEYS
from tests.events.delivering import command, deliver, deliverer, execute, make_due
from tests.events.receiver import Handler, Received, Receiver, Script, receiving, slow, status
from tests.events.test_outbox import queued
from tests.events.test_processes import Life, expire
from tests.factories import SECRET, Learner
from tests.privacy.test_operator import close
from tests.privacy.xapi_shapes import SHAPES, STATEMENT
from tests.timing import wait_until
from vorex_sessions import create_app, xapi
from vorex_sessions.extensions import db

HOME = "https://app.example.com"
XAPI = ("XAPI_URL", "XAPI_KEY", "XAPI_SECRET", "XAPI_HOME_PAGE")


class Store:
    """Keeps statements as an LRS does: one for an id, and another one with the id of one is a conflict."""

    def __init__(self, receiver: Receiver) -> None:
        self.receiver = receiver
        self.statements: dict[str, dict[str, Any]] = {}
        receiver.answer = self.answer

    def answer(self, handler: Handler, received: Received) -> None:
        sent = json.loads(received.body)
        if any(self.statements.get(one["id"], one) != one for one in sent):
            handler.reply(409)
            return
        self.statements |= {one["id"]: one for one in sent}
        handler.reply(200, body=b"[]")

    def void(self) -> set[str]:
        """The ids of statements that were voided."""
        return {
            one["object"]["id"]
            for one in self.statements.values()
            if one["object"]["objectType"] == "StatementRef"
        }

    def valid(self, learner: Learner) -> list[dict[str, Any]]:
        """The statements on a learner that were not voided."""
        return [
            one
            for one in self.statements.values()
            if one["actor"]["account"]["name"] == learner.id and one["id"] not in self.void()
        ]


@pytest.fixture
def store() -> Iterator[Store]:
    with receiving() as receiver:
        yield Store(receiver)


@pytest.fixture
def sending(app: Flask, settings: dict, store: Store, apart: bool) -> Iterator[Flask]:
    """The app with an LRS."""
    given = {
        "XAPI_URL": f"http://127.0.0.1:{store.receiver.server_port}/xapi",
        "XAPI_KEY": "key",
        "XAPI_SECRET": "sécret:1",
        "XAPI_HOME_PAGE": HOME,
        "DB_DISTRIBUTED": apart,
    }
    sending = create_app({**settings, **given})
    yield sending
    with sending.app_context():
        db.engine.dispose()


@pytest.fixture
def learner(sending: Flask) -> Learner:
    return Learner(sending)


def exported(learner: Learner) -> list[dict[str, Any]]:
    lines = learner.request("GET", "/api/sessions/export?format=xapi").data.splitlines()
    return [orjson.loads(line) for line in lines]


def change(learner: Learner, session: dict[str, Any], **changes: Any) -> None:
    path = f"/api/sessions/{session['session_result_id']}"
    assert learner.request("PATCH", path, json=changes).status_code == 200


def delete(learner: Learner, session: dict[str, Any]) -> None:
    path = f"/api/sessions/{session['session_result_id']}"
    assert learner.request("DELETE", path).status_code == 204


def by_id(statements: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(statements, key=lambda statement: statement["id"])


@EITHER
def test_an_lrs_gets_the_statements_of_the_export(
    sending: Flask, learner: Learner, store: Store
) -> None:
    for shape in SHAPES.values():
        learner.save(**shape)
    deliver(sending)
    assert by_id(list(store.statements.values())) == by_id(exported(learner))


@EITHER
def test_sessions_of_many_learners_travel_together(sending: Flask, store: Store) -> None:
    learners = [Learner(sending) for _ in range(5)]
    for learner in learners:
        learner.save()
    deliver(sending)
    assert len(store.receiver.received) == 1
    assert [len(store.valid(learner)) for learner in learners] == [1] * 5


def test_a_request_says_who_sends_it_and_by_which_version(
    sending: Flask, learner: Learner, store: Store
) -> None:
    learner.save()
    deliver(sending)
    (received,) = store.receiver.received
    assert received.path == "/xapi/statements"
    user = base64.b64decode(received.headers["authorization"].removeprefix("Basic "))
    assert user.decode() == "key:sécret:1"
    assert received.headers["x-experience-api-version"] == "1.0.3"
    assert received.headers["content-type"] == "application/json"


def test_a_correction_voids_the_former_statement(
    sending: Flask, learner: Learner, store: Store
) -> None:
    session = learner.save()
    deliver(sending)
    (former,) = exported(learner)
    change(learner, session, words_spoken=7)
    deliver(sending)
    assert store.void() == {former["id"]}
    assert store.valid(learner) == exported(learner)
    for statement in store.statements.values():
        STATEMENT.validate(statement)


def test_corrections_in_a_row_leave_one_statement(
    sending: Flask, learner: Learner, store: Store
) -> None:
    session = learner.save()
    for words in range(1, 4):
        change(learner, session, words_spoken=words)
    deliver(sending)
    assert store.valid(learner) == exported(learner)


@EITHER
def test_a_deletion_voids_the_statement(sending: Flask, learner: Learner, store: Store) -> None:
    kept, deleted, corrected = (learner.save() for _ in range(3))
    change(learner, corrected, words_spoken=7)
    deliver(sending)
    delete(learner, deleted)
    delete(learner, corrected)
    deliver(sending)
    (valid,) = store.valid(learner)
    assert valid["id"] == xapi.statement_id(learner.id, kept["session_result_id"], kept["version"])


def test_what_retention_removes_is_voided(sending: Flask, learner: Learner, store: Store) -> None:
    learner.save(completed_at="2026-01-01T10:00:00Z")
    deliver(sending)
    sending.config["SESSION_RETENTION_DAYS"] = 30
    assert sending.test_cli_runner().invoke(args=["privacy", "purge"]).exit_code == 0
    deliver(sending)
    assert store.valid(learner) == []


def test_an_import_is_sent(sending: Flask, learner: Learner, store: Store) -> None:
    other = Learner(sending)
    session = {**other.save(), "user_id": learner.id, "session_result_id": str(uuid4())}
    body = {"user_id": learner.id, "sessions": [session]}
    assert learner.request("POST", "/api/sessions/import", json=body).status_code == 200
    deliver(sending)
    assert store.valid(learner) == exported(learner) != []


@pytest.mark.parametrize("by", ["the learner", "the operator"])
def test_after_an_erasure_nothing_more_is_sent(
    sending: Flask, learner: Learner, store: Store, by: str
) -> None:
    change(learner, learner.save(), words_spoken=7)
    if by == "the learner":
        learner.request("DELETE", "/api/sessions?confirm=true")
    else:
        close(learner)
    assert deliver(sending) == "Delivered 0 events; 0 attempts failed.\n"
    assert store.receiver.received == []


def test_a_session_that_is_gone_when_its_event_is_sent_sends_nothing_of_its_content(
    sending: Flask, learner: Learner, store: Store
) -> None:
    delete(learner, learner.save(topics=["secret"]))
    deliver(sending)
    assert "secret" not in str(store.receiver.received)
    assert store.valid(learner) == []


def test_a_repeat_changes_nothing(sending: Flask, learner: Learner, store: Store) -> None:
    session = learner.save()
    change(learner, session, words_spoken=7)
    delete(learner, learner.save())
    deliver(sending)
    before = dict(store.statements)
    command(sending, "redeliver", "--destination", "xapi", "--since", "2026-01-01")
    deliver(sending)
    assert len(store.receiver.received) > 1
    assert store.statements == before


def test_a_statement_that_an_lrs_keeps_in_another_form_holds_nothing_up(
    sending: Flask, learner: Learner, store: Store
) -> None:
    first, second = learner.save(), learner.save()
    statement = next(one for one in exported(learner) if first["session_result_id"] in str(one))
    store.statements[statement["id"]] = {**statement, "timestamp": "another form"}
    change(learner, first, words_spoken=7)
    command(sending, "redeliver", "--destination", "xapi", "--since", "2026-01-01")
    deliver(sending)
    for _ in range(4):
        make_due(sending)
        deliver(sending)
    assert execute(sending, "SELECT * FROM event_queues") == []
    assert by_id(store.valid(learner)) == by_id(exported(learner))
    assert second


@EITHER
@pytest.mark.parametrize("code", [400, 401, 403, 413, 500, 503])
def test_what_an_lrs_refuses_together_is_sent_alone(
    sending: Flask, store: Store, code: int
) -> None:
    learners = [Learner(sending) for _ in range(3)]
    for learner in learners:
        learner.save()
    store.receiver.answer = Script([status(code), store.answer])
    assert deliver(sending) == "Delivered 0 events; 1 attempt failed.\n"
    assert f"last answer: HTTP {code}" in command(sending, "status")
    make_due(sending)
    deliver(sending)
    assert [len(json.loads(one.body)) for one in store.receiver.received] == [3, 1, 1, 1]
    assert [len(store.valid(learner)) for learner in learners] == [1] * 3


def test_a_webhook_and_an_lrs_do_not_wait_for_each_other(
    settings: dict, sending: Flask, store: Store
) -> None:
    with receiving() as receiver:
        receiver.answer = status(500)
        named = {name: sending.config[name] for name in XAPI}
        both = create_app(
            {**settings, **named, "WEBHOOK_URL": receiver.url, "WEBHOOK_SECRETS": KEYS}
        )
        learner = Learner(both)
        learner.save()
        deliver(both)
        assert len(receiver.received) == 1
        assert len(store.valid(learner)) == 1
        with both.app_context():
            db.engine.dispose()


@EITHER
def test_whatever_is_killed_each_session_has_one_statement_that_is_not_voided(
    sending: Flask, store: Store, database_url: str, tmp_path: Path, apart: bool
) -> None:
    chance = random.Random()
    lives = [Life(Learner(sending), chance) for _ in range(6)]
    erased = Life(Learner(sending), chance)
    answers = [
        store.answer,
        store.answer,
        slow(0.2, store.answer),
        status(500),
        slow(0.2, status(503)),
    ]
    store.receiver.answer = lambda *request: chance.choice(answers)(*request)
    settings = {name: sending.config[name] for name in XAPI} | {
        "WEBHOOK_URL": "",
        "DB_DISTRIBUTED": str(apart),
    }
    process = partial(deliverer, database_url, store.receiver, tmp_path / "log", **settings)
    for _ in range(2):
        with process(), process():
            began = len(store.receiver.received)
            for _ in range(40):
                chance.choice([*lives, erased]).act()
            wait_until(lambda began=began: len(store.receiver.received) > began)
            time.sleep(chance.uniform(0.2, 1))  # then both are killed
        expire(sending)
    erased.erase()
    store.receiver.answer = store.answer
    before = len(store.receiver.received)
    with process(), process():
        wait_until(lambda: not queued(sending), most=60)
    for life in lives:
        assert by_id(store.valid(life.learner)) == by_id(exported(life.learner))
    assert erased.learner.id not in str(store.receiver.received[before:])
    assert "Traceback" not in (tmp_path / "log").read_text()


WHOLE = {
    "DATABASE_URL": "postgres://x/y",
    "SUPABASE_JWT_SECRET": SECRET,
    "XAPI_URL": "https://lrs.example.com/xapi/",
    "XAPI_KEY": "key",
    "XAPI_SECRET": "secret",
    "XAPI_HOME_PAGE": HOME,
}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("XAPI_URL", "lrs.example.com"),
        ("XAPI_URL", "https://key:passW0rd@lrs.example.com/"),
        ("XAPI_URL", "https://lrs.example.com/?key=passW0rd"),
        ("XAPI_URL", "http://lrs.example.com/"),
        ("XAPI_KEY", ""),
        ("XAPI_KEY", "key:passW0rd"),
        ("XAPI_SECRET", ""),
        ("XAPI_HOME_PAGE", ""),
    ],
)
def test_an_unusable_setting_is_named(name: str, value: str) -> None:
    with pytest.raises(config.SettingError, match=name) as raised:
        required_settings.require(config.read({**WHOLE, name: value}))
    assert "passW0rd" not in str(raised.value)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"XAPI_URL": "http://lrs:8080/xapi", "XAPI_ALLOW_HTTP": "true"},
        {"XAPI_HOME_PAGE": "", "SUPABASE_URL": "https://abc.supabase.co"},
        {"XAPI_URL": "", "XAPI_KEY": "", "XAPI_SECRET": "", "XAPI_HOME_PAGE": ""},
    ],
)
def test_settings_that_fit_together_are_taken(given: dict[str, str]) -> None:
    required_settings.require(config.read({**WHOLE, **given}))


@pytest.mark.parametrize("written", ["xapi", "xapi/", "xapi/statements"])
def test_the_address_is_taken_with_and_without_what_follows_it(written: str) -> None:
    read = config.read({**WHOLE, "XAPI_URL": f"https://lrs.example.com/{written}"})
    assert read["XAPI_URL"] == "https://lrs.example.com/xapi"
