"""The service behind a real PgBouncer in transaction mode, where server sessions lose their state."""

import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg2
import pytest
import requests
import sqlalchemy as sa
from flask import Flask

from tests import postgres
from tests.black_hole import BlackHole
from tests.factories import Learner, content, token
from tests.founding.founding_system import FoundingSystem
from tests.privacy.test_export import fill
from tests.serving import BIN, environment, free_port, gunicorn

pytestmark = pytest.mark.external


@contextmanager
def pgbouncer(database_url: str, folder: Path, *settings: str) -> Iterator[str]:
    """Run a transaction pooler with four connections to the database; yield its database URL."""
    # PgBouncer runs as nobody, who may not use the embedded server's socket; this proxy offers TCP.
    with BlackHole(database_url) as proxy:
        yield from _pgbouncer(proxy.address, folder, *settings)


def _pgbouncer(database_url: str, folder: Path, *settings: str) -> Iterator[str]:
    url, port = sa.make_url(database_url), free_port()
    target = f"host={url.host} port={url.port or 5432} user={url.username} dbname={url.database}"
    (folder / "users.txt").write_text(f'"{url.username}" "{url.password or ""}"\n')
    (folder / "pgbouncer.ini").write_text(
        f"""[databases]
{url.database} = {target}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
auth_file = {folder}/users.txt
pool_mode = transaction
default_pool_size = 4
logfile = {folder}/log
pidfile = {folder}/pid
"""
    )
    with (folder / "pgbouncer.ini").open("a") as file:
        file.writelines(f"{setting}\n" for setting in settings)
    folder.chmod(0o777)
    for path in folder.iterdir():
        path.chmod(0o666)
    # PgBouncer refuses to run as root.
    command = ["pgbouncer", "-u", "nobody", str(folder / "pgbouncer.ini")]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"postgresql://{url.username}@127.0.0.1:{port}/{url.database}"
    try:
        deadline = time.monotonic() + 10
        while True:
            try:
                psycopg2.connect(address, connect_timeout=2).close()
                break
            except psycopg2.OperationalError:
                assert process.poll() is None, (folder / "log").read_text()
                assert time.monotonic() < deadline, (folder / "log").read_text()
                time.sleep(0.05)
        yield address
    finally:
        process.terminate()
        process.wait(timeout=10)


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pgbouncer")
    for parent in (folder, *folder.parents):
        if parent.owner() == Path.home().owner() and "pytest" in str(parent):
            parent.chmod(0o755)
    return folder


def test_everything_works_through_a_transaction_pooler(
    app: Flask, database_url: str, folder: Path
) -> None:
    learners = [Learner(app) for _ in range(6)]
    with pgbouncer(database_url, folder) as address:
        settings = {"DB_TRANSACTION_POOLER": "true", "RATELIMIT_ENABLED": "false"}
        with gunicorn(address, **settings) as (service, _):
            ready = requests.get(f"{service}/readyz", timeout=10)
            assert ready.status_code == 200, ready.text

            def practise(learner: Learner) -> None:
                def call(method: str, path: str, body: object = None) -> requests.Response:
                    headers = {"Authorization": f"Bearer {token(learner.id)}"}
                    url = f"{service}/api/sessions{path}"
                    return requests.request(method, url, json=body, headers=headers, timeout=20)

                for number in range(10):
                    session = content(session_result_id=str(uuid4()), words_spoken=number)
                    assert call("POST", "/save", session).status_code == 201
                    assert call("POST", "/save", session).status_code == 200
                    late = {"fluency_score": 80.5}
                    path = f"/{session['session_result_id']}"
                    assert call("PATCH", path, late).json()["fluency_score"] == 80.5
                assert call("POST", "/batch", {"sessions": [content()] * 5}).json()["created"] == 5
                assert call("DELETE", path).status_code == 204
                assert call("POST", "/save", session).status_code == 410
                for question in ("stats", "warmup", "daily-breakdown", "history?topic=x"):
                    assert call("GET", f"/{question}").status_code == 200
                assert len(call("GET", "/export").json()["sessions"]) == 14
                assert call("DELETE", "?confirm=true").json() == {"deleted": 14}

            with ThreadPoolExecutor(6) as pool:
                list(pool.map(practise, learners))


def test_exports_and_commands_work_through_it_too(
    app: Flask, database_url: str, folder: Path
) -> None:
    learner = Learner(app)
    fill(learner, 5_000)
    with pgbouncer(database_url, folder) as address:
        settings = {"DB_TRANSACTION_POOLER": "true", "SESSION_RETENTION_DAYS": "1"}

        def run(*command: str) -> str:
            return subprocess.run(
                [Path(".venv/bin/flask").absolute(), *command],
                env=environment(address, **settings),
                capture_output=True,
                text=True,
                check=True,
                timeout=60,
            ).stdout

        run("db", "upgrade")
        assert run("privacy", "export", learner.id, "--format", "ndjson").count("\n") == 5_000
        assert "Removed 5000 sessions of 1 learner" in run("privacy", "purge")
        assert "Removed 0 sessions" in run("privacy", "replay")


def test_without_the_setting_readiness_says_which_one_is_missing(
    app: Flask, database_url: str, folder: Path
) -> None:
    with pgbouncer(database_url, folder) as address, gunicorn(address) as (service, _):
        answer = requests.get(f"{service}/readyz", timeout=10)
        assert answer.status_code == 503
        assert "DB_TRANSACTION_POOLER=true" in answer.json()["detail"]


def test_options_that_the_pooler_refuses_are_named(
    app: Flask, database_url: str, folder: Path
) -> None:
    with (
        pgbouncer(database_url, folder) as address,
        gunicorn(f"{address}?options=-cjit%3Doff", DB_TRANSACTION_POOLER="true") as (service, _),
    ):
        answer = requests.get(f"{service}/readyz", timeout=10)
        assert answer.status_code == 503
        assert answer.json()["detail"].startswith("The transaction pooler refuses `options=`")


def test_a_schema_of_its_own_is_that_of_the_role(worker_id: str, folder: Path) -> None:
    settings = {"DATABASE_SCHEMA": "vorex", "DB_TRANSACTION_POOLER": "true"}
    with postgres.database(f"vorex_pooled_{worker_id}") as url:
        old = FoundingSystem(url)
        learner_id = str(uuid4())
        old.add(user_id=learner_id)
        name = sa.make_url(url).database
        old.execute(f'ALTER ROLE CURRENT_USER IN DATABASE "{name}" SET search_path = vorex')
        with pgbouncer(url, folder) as address:
            for command in (
                ["db", "upgrade"],
                ["import", "founding", "--from", address, "--table", "public.session_results"],
            ):
                subprocess.run(
                    [BIN / "flask", *command], env=environment(address, **settings), check=True
                )
            with gunicorn(address, **settings) as (service, _):
                assert requests.get(f"{service}/readyz", timeout=10).status_code == 200
                headers = {"Authorization": f"Bearer {token(learner_id)}"}
                history = requests.get(
                    f"{service}/api/sessions/history", headers=headers, timeout=10
                )
                assert history.json()["total"] == 1


def test_a_pooler_that_ignores_our_settings_is_named_and_runs_no_other_statements_plan(
    app: Flask, database_url: str, folder: Path
) -> None:
    learners = [Learner(app) for _ in range(4)]
    with (
        pgbouncer(database_url, folder, "ignore_startup_parameters = options") as address,
        gunicorn(address, RATELIMIT_ENABLED="false") as (service, _),
    ):
        answer = requests.get(f"{service}/readyz", timeout=10)
        assert answer.status_code == 503
        assert (
            "a pooler ignores `options`; set DB_TRANSACTION_POOLER=true" in answer.json()["detail"]
        )

        def practise(learner: Learner) -> None:
            headers = {"Authorization": f"Bearer {token(learner.id)}"}
            for number in range(1, 31):
                saved = requests.post(
                    f"{service}/api/sessions/save", json=content(), headers=headers, timeout=20
                )
                assert saved.status_code == 201, saved.text
                for path, count in (("history?limit=1", "total"), ("stats", "total_sessions")):
                    read = requests.get(
                        f"{service}/api/sessions/{path}", headers=headers, timeout=20
                    )
                    assert read.status_code == 200, read.text
                    assert read.json()[count] == number

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(practise, learners))
