"""`DATABASE_SCHEMA`: our tables in a schema of their own, beside those of others."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask

import config
from tests import postgres
from tests.factories import SECRET, Learner
from tests.founding.founding_system import FoundingSystem
from tests.serving import BIN, ROOT, environment
from vorex_sessions import create_app
from vorex_sessions.database.migrate import upgrade
from vorex_sessions.extensions import db

TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = '{}' ORDER BY 1"


@pytest.fixture
def url(worker_id: str) -> Iterator[str]:
    with postgres.database(f"vorex_schema_{worker_id}") as url:
        yield url


@contextmanager
def app_at(url: str, **settings: str) -> Iterator[Flask]:
    given = {"DATABASE_URL": url, "SUPABASE_JWT_SECRET": SECRET, "DATABASE_SCHEMA": "vorex"}
    app = create_app(config.read({**given, **settings}))
    yield app
    with app.app_context():
        db.engine.dispose()


def execute(app: Flask, statement: str) -> list[object]:
    with app.app_context(), db.engine.connect() as connection:
        result = connection.exec_driver_sql(statement)
        return list(result.scalars()) if result.returns_rows else []


def detail(app: Flask) -> str | None:
    answer = app.test_client().get("/readyz")
    return None if answer.status_code == 200 else answer.json["detail"]


def test_both_systems_live_in_one_database(url: str) -> None:
    old = FoundingSystem(url)
    with app_at(url) as app:
        assert "run `flask db upgrade`" in (detail(app) or "")
        with app.app_context():
            upgrade()
            with db.engine.connect() as connection:
                context = MigrationContext.configure(connection, opts={"compare_type": True})
                assert compare_metadata(context, db.metadata) == []
        assert detail(app) is None
        assert execute(app, TABLES.format("public")) == ["session_results"]
        assert {"session_results", "alembic_version"} < set(execute(app, TABLES.format("vorex")))
        learner = Learner(app)
        session = old.add(user_id=learner.id, topics=["Travel"])
        result = app.test_cli_runner().invoke(args=["import", "founding", "--from", url])
        assert result.exit_code == 0, result.output
        assert learner.get(f"/{session}")["topics"] == ["Travel"]
        learner.save(topics=["Travel"])
        assert learner.request("DELETE", f"/api/sessions/{session}").status_code == 204
        assert learner.get("/stats", period="all")["total_sessions"] == 1
        assert learner.get("/export", format="json")["sessions"]
        assert old.execute("SELECT count(*) FROM public.session_results") == [(1,)]
        assert execute(app, "SHOW statement_timeout") == ["5s"]  # it drops none of our settings


def test_a_schema_that_is_there_is_used_by_a_role_that_may_create_none(url: str) -> None:
    with app_at(url) as app:
        execute(app, "CREATE ROLE tenant LOGIN")
        try:
            execute(app, "CREATE SCHEMA vorex AUTHORIZATION tenant")
            with app_at(url.replace("postgres@", "tenant@")) as theirs:
                with theirs.app_context():
                    upgrade()
                assert detail(theirs) is None
        finally:
            execute(app, "DROP OWNED BY tenant CASCADE")
            execute(app, "DROP ROLE tenant")


def test_behind_a_transaction_pooler_the_role_has_the_schema(url: str) -> None:
    """Such a pooler refuses settings at connect; the service sends none, whatever it connects to."""

    def flask_db() -> subprocess.CompletedProcess[str]:
        settings = {"DATABASE_SCHEMA": "vorex", "DB_TRANSACTION_POOLER": "true"}
        return subprocess.run(
            [BIN / "flask", "db", "upgrade"],
            cwd=ROOT,
            env=environment(url, **settings),
            capture_output=True,
            text=True,
            timeout=60,
        )

    refused = flask_db()
    assert refused.returncode == 1
    assert 'ALTER ROLE … SET search_path = "vorex"' in refused.stderr
    assert "Traceback" not in refused.stderr
    with app_at(url, DB_TRANSACTION_POOLER="true") as app:
        assert execute(app, TABLES.format("public")) == []
        database = execute(app, "SELECT current_database()")[0]
        with app_at(url, DATABASE_SCHEMA="") as plain, plain.app_context():
            upgrade()  # as another service's tables
        assert (detail(app) or "").startswith(
            "DATABASE_SCHEMA is vorex, but connections use the schema public."
        )
        execute(app, f'ALTER ROLE CURRENT_USER IN DATABASE "{database}" SET search_path = "vorex"')
        assert flask_db().returncode == 0
        with app.app_context():
            db.engine.dispose()
        assert detail(app) is None
        Learner(app).save()
        assert execute(app, "SELECT count(*) FROM vorex.session_results") == [1]


def test_sql_to_run_by_hand_names_the_schema(url: str) -> None:
    done = subprocess.run(
        [BIN / "flask", "db", "upgrade", "--sql"],
        cwd=ROOT,
        env=environment(url, DATABASE_SCHEMA="vorex"),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    created = done.stdout.index('CREATE SCHEMA IF NOT EXISTS "vorex"')
    used = done.stdout.index('SET search_path = "vorex"')
    assert created < used < done.stdout.index("CREATE TABLE")
