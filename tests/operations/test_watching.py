"""Metrics over all workers and a log in JSON, with nothing private in either."""

import json
import os
import re
import signal
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import psutil
import pytest
import requests
import sqlalchemy as sa
from flask import Flask
from prometheus_client.parser import text_string_to_metric_families

from tests.cohorts.practising import opt, snapshot
from tests.contract import check_contract
from tests.factories import Learner, content, token
from tests.server.raw import answer, connect
from tests.serving import gunicorn
from vorex_sessions import create_app
from vorex_sessions.extensions import db

SAVE = "/api/sessions/save"


def figures(address: str) -> dict[tuple[str, frozenset], float]:
    text = requests.get(f"{address}/metrics", timeout=5).text
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def requests_of(address: str, **labels: str) -> float:
    return figures(address).get(("vorex_http_requests_total", frozenset(labels.items())), 0)


def headers(learner: Learner) -> dict[str, str]:
    return {"Authorization": f"Bearer {token(learner.id)}"}


def test_metrics_add_up_over_all_workers_even_those_that_died(
    app: Flask, database_url: str
) -> None:
    learner = Learner(app)
    saves = {"method": "POST", "route": SAVE, "status": "201"}
    with gunicorn(database_url, WEB_CONCURRENCY="2") as (address, master):

        def save(_: int) -> int:
            answer = requests.post(
                f"{address}{SAVE}", json=content(), headers=headers(learner), timeout=10
            )
            return answer.status_code

        with ThreadPoolExecutor(8) as pool:
            assert set(pool.map(save, range(60))) == {201}
        assert {requests_of(address, **saves) for _ in range(6)} == {60}
        for worker in psutil.Process(master.pid).children():
            os.kill(worker.pid, signal.SIGKILL)
        deadline = time.monotonic() + 15
        while True:
            try:
                assert requests_of(address, **saves) == 60
                break
            except requests.RequestException:
                assert time.monotonic() < deadline
                time.sleep(0.1)
        with ThreadPoolExecutor(8) as pool:
            pool.map(save, range(10))
        while (seen := figures(address))["vorex_db_connections_limit", frozenset()] < 20:
            assert time.monotonic() < deadline  # one of the two workers is still missing
        assert seen["vorex_http_requests_total", frozenset(saves.items())] == 70
        assert seen["vorex_http_request_duration_seconds_count", frozenset(saves.items())] == 70
        assert seen["vorex_db_connections_in_use", frozenset()] == 0


def test_saves_replays_and_rejections_are_counted(app: Flask, database_url: str) -> None:
    learner, session_id = Learner(app), str(uuid4())
    with gunicorn(database_url) as (address, _):

        def post(path: str, body: object) -> None:
            requests.post(f"{address}{path}", json=body, headers=headers(learner), timeout=10)

        post(SAVE, content(session_result_id=session_id))
        post(SAVE, content(session_result_id=session_id))
        post(SAVE, content(session_result_id=session_id, words_spoken=5))
        post(
            "/api/sessions/batch",
            {"sessions": [content(), content(session_result_id=session_id), {"session_type": "x"}]},
        )
        seen = figures(address)
        for outcome, count in [("created", 2), ("replayed", 2), ("rejected", 2)]:
            label = frozenset({("outcome", outcome)})
            assert seen["vorex_session_saves_total", label] == count


def test_the_age_of_the_last_snapshot_is_told(app: Flask, database_url: str) -> None:
    name = ("vorex_cohort_snapshot_timestamp_seconds", frozenset())
    opt(Learner(app), into=True)
    with gunicorn(database_url) as (address, _):
        assert figures(address)[name] == 0
        before = time.time()
        snapshot(app)
        assert before - 1 <= figures(address)[name] <= time.time() + 1


def test_unknown_paths_and_methods_share_one_label(app: Flask, database_url: str) -> None:
    with gunicorn(database_url) as (address, _):
        for path in ("nothing", "api/sessions/x/y", f"u/{uuid4()}", ".env", "%00"):
            requests.get(f"{address}/{path}", timeout=5)
        requests.request("BREW", f"{address}/pot", timeout=5)
        unknown = [dict(labels) for name, labels in figures(address) if "requests_total" in name]
        assert {"method": "GET", "route": "unknown", "status": "404"} in unknown
        assert {"method": "other", "route": "unknown", "status": "404"} in unknown
        assert len(unknown) == 3  # and the health check at the start


def test_metrics_are_documented_and_parse_without_gunicorn_too(app: Flask) -> None:
    answer = app.test_client().get("/metrics")
    assert answer.status_code == 200
    assert answer.content_type.startswith("text/plain; version=")
    names = {family.name for family in text_string_to_metric_families(answer.text)}
    assert {"vorex_http_requests", "vorex_db_connections_in_use"} <= names


def test_metrics_can_be_closed_with_a_token(app: Flask, settings: dict) -> None:
    secret = "a-token-of-the-tests/+="
    client = create_app({**settings, "METRICS_TOKEN": secret}).test_client()
    for sent in (f"Bearer {secret}", f"bearer  {secret}"):
        assert client.get("/metrics", headers={"Authorization": sent}).status_code == 200
    wrong = ["", "Bearer", f"Bearer {secret}x", f"Bearer {secret[:-1]}", secret, "Bearer é"]
    for sent in [*wrong, f"Basic {secret}", f"Bearer {token()}"]:
        refused = client.get("/metrics", headers={"Authorization": sent})
        assert refused.status_code == 401, sent
        check_contract(app, "GET", "/metrics", refused)
        assert refused.headers["WWW-Authenticate"] == "Bearer"
        assert secret not in refused.text
    assert client.get("/metrics").status_code == 401
    assert client.get("/healthz").status_code == 200


def test_one_line_of_json_for_every_request_and_nothing_private_anywhere(
    app: Flask, database_url: str, tmp_path: Path
) -> None:
    learner, log = Learner(app), tmp_path / "log"
    secret = {"topics": ["private topic"], "metadata": {"name": "Alice Private"}}
    access_token = token(learner.id, user_metadata={"name": "Alice Private"})
    with gunicorn(database_url, log=log, WEB_CONCURRENCY="1", LOG_LEVEL="DEBUG") as (address, _):

        def call(method: str, path: str, body: object = None) -> requests.Response:
            headers = {"Authorization": f"Bearer {access_token}", "X-Request-ID": "phone-17"}
            url = f"{address}{path}"
            return requests.request(method, url, json=body, headers=headers, timeout=10)

        saved = call("POST", SAVE, content(**secret)).json()
        call("GET", f"/api/sessions/{saved['session_result_id']}?name=private")
        call("GET", "/api/sessions/history?topic=private%20topic")
        call("GET", f"/nothing/private/{learner.id}")
        call("POST", SAVE, content(**secret, words_spoken="private"))
        call("GET", "/api/sessions/export")
        with broken_table(app):
            assert call("POST", SAVE, content(**secret, words_spoken=7)).status_code == 500
        garbled(address)
        bad = {"Authorization": "Bearer private.private.private"}
        requests.get(f"{address}/api/sessions/stats", headers=bad, timeout=5)
    text = log.read_text()
    lines = [json.loads(line) for line in text.splitlines()]
    assert all({"timestamp", "level", "event"} <= line.keys() for line in lines)
    logged = [line for line in lines if line["event"] == "request" and line["route"] != "/healthz"]
    assert [(line["method"], line["route"], line["status"]) for line in logged] == [
        ("POST", SAVE, 201),
        ("GET", "/api/sessions/<uuid:session_result_id>", 422),
        ("GET", "/api/sessions/history", 200),
        ("GET", "unknown", 404),
        ("POST", SAVE, 422),
        ("GET", "/api/sessions/export", 200),
        ("POST", SAVE, 500),
        ("GET", "/api/sessions/stats", 401),
    ]
    assert [line["request_id"] for line in logged[:-1]] == ["phone-17"] * 7
    assert all(0 < line["duration_ms"] < 10_000 for line in logged)
    (hashed,) = {line["learner"] for line in logged if line["status"] != 401} - {None}
    assert re.fullmatch("[0-9a-f]{16}", hashed)
    (broken,) = [line for line in lines if line["event"].startswith("unhandled error")]
    assert broken["error"][-1]["sqlstate"] == "23514"
    assert any("save" in place for place in broken["error"][0]["at"])
    assert [line for line in lines if line["event"].startswith("not HTTP: ")]
    for private in (
        "rivate",
        "127.0.0.1",
        "application_name=",  # of the database's address
        learner.id,
        saved["session_result_id"],
        access_token,
        access_token.split(".")[2],
    ):
        assert private not in text


def garbled(address: str) -> None:
    """Send requests that gunicorn refuses before the app sees them."""
    host, port = address.removeprefix("http://").split(":")
    for start in (
        b"private",
        b"GET /private?private HTTP/9.9",
        b"GET / HTTP/1.1\r\nPri vate: private",
    ):
        with socket.create_connection((host, int(port)), timeout=5) as client:
            client.sendall(start + b"\r\nAuthorization: Bearer private\r\n\r\n")
            assert b" 400 " in client.recv(4096)


class broken_table:  # lower case, as a context manager
    """Adds a constraint; when it is violated, PostgreSQL quotes the whole row."""

    def __init__(self, app: Flask) -> None:
        self.app = app

    def _run(self, statement: str) -> None:
        with self.app.app_context(), db.engine.connect() as connection:
            connection.execute(sa.text(f"ALTER TABLE session_results {statement}"))

    def __enter__(self) -> None:
        self._run("ADD CONSTRAINT broken CHECK (words_spoken <> 7) NOT VALID")

    def __exit__(self, *error: object) -> None:
        self._run("DROP CONSTRAINT broken")


def test_the_log_level_is_a_setting(app: Flask, database_url: str, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with gunicorn(database_url, log=log, LOG_LEVEL="WARNING") as (address, _):
        requests.get(f"{address}/healthz", timeout=5)
    assert log.read_text() == ""


def test_the_hash_of_a_learner_depends_on_the_services_key(
    app: Flask, settings: dict, learner: Learner, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    for key in ("one", "two", "one"):
        other = create_app({**settings, "LEARNER_HASH_KEY": key})
        Learner(other, learner.id).get("/stats")
    lines = [record.fields for record in caplog.records if record.msg == "request"]
    hashes = [line["learner"] for line in lines]
    hashes = [hashed for hashed in hashes if hashed]
    assert hashes[0] == hashes[2] != hashes[1]


def test_metrics_survive_a_reload_and_need_no_folder(
    app: Flask, database_url: str, tmp_path: Path
) -> None:
    with gunicorn(database_url, TMPDIR=str(tmp_path)) as (address, master):
        before = requests_of(address, method="GET", route="/healthz", status="200")
        master.send_signal(signal.SIGHUP)  # reload
        time.sleep(2)
        assert requests_of(address, method="GET", route="/healthz", status="200") >= before > 0
        assert not list(tmp_path.iterdir())


def test_a_new_master_counts_on_its_own_and_takes_nothing_from_the_old_one(
    app: Flask, database_url: str, tmp_path: Path
) -> None:
    with gunicorn(database_url, TMPDIR=str(tmp_path)) as (address, old):
        old.send_signal(signal.SIGUSR2)
        deadline = time.monotonic() + 20
        while len(masters := _masters_of(old)) < 2:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        (new,) = masters - {old.pid}
        try:
            while not psutil.Process(new).children():
                assert time.monotonic() < deadline
                time.sleep(0.1)
            time.sleep(2)
            old.terminate()
            old.wait(timeout=30)
            for _ in range(20):
                assert requests_of(address, method="GET", route="/healthz", status="200") >= 0
                assert requests.get(f"{address}/healthz", timeout=5).ok
            assert requests_of(address, method="GET", route="/healthz", status="200") >= 20
        finally:
            psutil.Process(new).terminate()


def _masters_of(old: subprocess.Popen) -> set[int]:
    """The old master, and the one that it started: a child with children."""
    children = psutil.Process(old.pid).children()
    return {old.pid} | {child.pid for child in children if child.children()}


def test_another_spelling_of_an_address_is_not_found(app: Flask, database_url: str) -> None:
    with gunicorn(database_url, WEB_CONCURRENCY="1") as (address, _), connect(address) as client:
        for path in ("//metrics", "///metrics", "/%6detrics", "/%2fmetrics", "//healthz"):
            client.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            assert answer(client).startswith(b"HTTP/1.1 404"), path
