"""Statements of xAPI, by the validation of two learning record stores (LRS), stored by one."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from flask import Flask

from tests.events.delivering import command, deliver, make_due
from tests.external.lrs_server import BIN, KEY, LRS, SECRET, Store, learning_record_store
from tests.factories import Learner, token
from tests.privacy.xapi_shapes import SHAPES, STATEMENT
from tests.serving import ROOT, gunicorn
from vorex_sessions import create_app, xapi
from vorex_sessions.extensions import db

pytestmark = pytest.mark.external

VALIDATORS = {
    "Ralph": [BIN / "python", LRS / "validate.py"],
    "Learning Locker": ["node", LRS / "validate.cjs"],
}
EXPORT = "/api/sessions/export?format=xapi"


@pytest.fixture(scope="module")
def lrs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with learning_record_store(tmp_path_factory.mktemp("lrs")) as store:
        yield store


@pytest.fixture
def practised(learner: Learner) -> Learner:
    """A learner with a session of every shape."""
    for shape in SHAPES.values():
        learner.save(**shape)
    return learner


def exported(learner: Learner) -> list[dict[str, Any]]:
    lines = learner.request("GET", EXPORT).data.splitlines()
    return [orjson.loads(line) for line in lines]


def verdicts(validator: str, statements: list[dict[str, Any]]) -> list[str]:
    """What a validator says of each statement."""
    lines = b"".join(orjson.dumps(one) + b"\n" for one in statements)
    done = subprocess.run(VALIDATORS[validator], input=lines, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode().splitlines()


@pytest.mark.parametrize("validator", VALIDATORS)
def test_statements_on_sessions_of_every_shape_are_valid(
    practised: Learner, validator: str
) -> None:
    statements = exported(practised)
    voided = [xapi.voiding(one["id"], "http://localhost", one["timestamp"]) for one in statements]
    assert len(statements) == len(SHAPES)
    said = verdicts(validator, [*statements, *voided])
    assert said == ["valid"] * 2 * len(SHAPES)


BROKEN: list[dict[str, Any]] = [
    {"actor": None},
    {"id": "17"},
    {"timestamp": "yesterday"},
    {"verb": {"id": "completed"}},
    {"result": {"duration": "598 seconds"}},
    {"result": {"score": {"scaled": 1.1}}},
    {"result": {"extensions": {"words_spoken": 7}}},
    {"context": {"registration": "1"}},
    {"context": {"language": "English!"}},
    {"context": {"topics": []}},
]


@pytest.mark.parametrize("validator", VALIDATORS)
def test_what_breaks_a_rule_of_xapi_is_refused(learner: Learner, validator: str) -> None:
    learner.save()
    (statement,) = exported(learner)
    broken = [statement | members for members in BROKEN]
    for members, verdict in zip(BROKEN, verdicts(validator, broken), strict=True):
        assert verdict.startswith("refused"), members
    assert not any(map(STATEMENT.is_valid, broken))


def test_an_lrs_takes_an_export_in_pieces_and_a_repeat_changes_nothing(
    practised: Learner, lrs: Store
) -> None:
    statements = exported(practised)
    for expected in (200, 204):
        for start in range(0, len(statements), 10):
            answer = lrs.post(statements[start : start + 10])
            assert answer.status_code == expected, answer.text
    stored = stored_of(practised.id, lrs)
    assert {one["id"]: content_of(one) for one in stored} == {
        one["id"]: content_of(one) for one in statements
    }


def content_of(statement: dict[str, Any]) -> dict[str, Any]:
    """A statement without what an LRS may add or write differently."""
    return {name: statement[name] for name in ("actor", "verb", "object", "result", "context")}


def test_a_correction_is_a_new_statement_and_one_that_voids_the_former(
    learner: Learner, lrs: Store
) -> None:
    saved = learner.save()
    (before,) = exported(learner)
    learner.request(
        "PATCH", f"/api/sessions/{saved['session_result_id']}", json={"words_spoken": 9}
    )
    (after,) = exported(learner)
    voiding = xapi.voiding(before["id"], "http://localhost", "2026-03-01T18:30:00.000000Z")
    assert [lrs.post(one).status_code for one in (before, [after, voiding])] == [200, 200]
    assert lrs.post([after, voiding]).status_code == 204


def test_the_commands_of_the_documentation_send_an_export(
    app: Flask, database_url: str, lrs: Store, tmp_path: Path
) -> None:
    learner = Learner(app)
    for _ in range(7):
        learner.save()
    page = (ROOT / "docs" / "xapi.md").read_text()
    commands = page.partition("```sh\n")[2].partition("```")[0]
    with gunicorn(database_url) as (address, _):
        environment = {
            "PATH": "/usr/bin:/bin",
            **{"URL": address, "TOKEN": token(learner.id)},
            **{"XAPI_URL": lrs.url, "XAPI_KEY": KEY, "XAPI_SECRET": SECRET},
        }
        for _ in range(2):
            subprocess.run(
                ["bash", "-euc", commands.replace("--lines=200", "--lines=3")],
                cwd=tmp_path,
                env=environment,
                timeout=60,
                check=True,
            )
    assert len(stored_of(learner.id, lrs)) == 7


@pytest.fixture
def delivering(settings: dict, app: Flask, lrs: Store) -> Iterator[Flask]:
    """The app with the LRS."""
    named = {"XAPI_URL": lrs.url, "XAPI_KEY": KEY, "XAPI_SECRET": SECRET}
    delivering = create_app({**settings, **named, "XAPI_HOME_PAGE": "http://localhost"})
    yield delivering
    with delivering.app_context():
        db.engine.dispose()


def test_the_deliverer_sends_sessions_of_every_shape_and_a_repeat_changes_nothing(
    delivering: Flask, lrs: Store
) -> None:
    learner = Learner(delivering)
    for shape in SHAPES.values():
        learner.save(**shape)
    deliver(delivering)
    stored = stored_of(learner.id, lrs)
    assert {one["id"] for one in stored} == {one["id"] for one in exported(learner)}
    command(delivering, "redeliver", "--destination", "xapi", "--since", "2026-01-01")
    assert "0 attempts failed" in deliver(delivering)
    assert stored_of(learner.id, lrs) == stored


def test_the_deliverer_voids_what_was_corrected_and_deleted(delivering: Flask, lrs: Store) -> None:
    learner = Learner(delivering)
    sessions = [learner.save() for _ in range(3)]
    deliver(delivering)
    before = {one["id"] for one in exported(learner)}
    paths = [f"/api/sessions/{one['session_result_id']}" for one in sessions]
    learner.request("PATCH", paths[0], json={"words_spoken": 7})
    learner.request("DELETE", paths[1])
    assert "0 attempts failed" in deliver(delivering)
    voided = {one["object"]["id"] for one in stored_of("vorex-sessions", lrs)}
    now = {one["id"] for one in exported(learner)}
    assert before - voided < now
    assert {one["id"] for one in stored_of(learner.id, lrs)} - voided == now


def test_a_wrong_secret_is_told_to_the_operator_and_nothing_is_lost(
    delivering: Flask, lrs: Store
) -> None:
    learner = Learner(delivering)
    learner.save()
    delivering.config["XAPI_SECRET"] = "wrong"
    deliver(delivering)
    assert "HTTP 401" in command(delivering, "status")
    delivering.config["XAPI_SECRET"] = SECRET
    make_due(delivering)
    deliver(delivering)
    assert len(stored_of(learner.id, lrs)) == 1


def stored_of(name: str, lrs: Store) -> list[dict[str, Any]]:
    """The statements that the LRS has of an account: a learner's, or the service's own."""
    agent = {"account": {"homePage": "http://localhost", "name": name}}
    return lrs.statements(agent=orjson.dumps(agent).decode())
