"""Health, readiness, request ids, problems and docs pages."""

from collections.abc import Iterator
from contextlib import closing

import psycopg2
import pytest
import sqlalchemy as sa
from flask import Flask

import config
from tests import postgres
from tests.factories import SECRET, Learner
from vorex_sessions import create_app
from vorex_sessions.database.migrate import upgrade
from vorex_sessions.extensions import db

# A port on which nothing listens: connections are refused at once.
NOWHERE = "postgresql://nobody@127.0.0.1:1/nothing"


@pytest.fixture
def stranded() -> Iterator[Flask]:
    """An app whose database is unreachable."""
    app = create_app(config.read({"DATABASE_URL": NOWHERE, "SUPABASE_JWT_SECRET": SECRET}))
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def fresh(worker_id: str) -> Iterator[Flask]:
    """An app on a database of its own, without a schema."""
    with postgres.database(f"vorex_fresh_{worker_id}") as url:
        app = create_app(config.read({"DATABASE_URL": url, "SUPABASE_JWT_SECRET": SECRET}))
        yield app
        with app.app_context():
            db.engine.dispose()


def execute(app: Flask, *statements: str) -> None:
    with app.app_context(), db.engine.begin() as connection:
        for statement in statements:
            connection.execute(sa.text(statement))


def test_health_needs_no_database(stranded: Flask) -> None:
    response = stranded.test_client().get("/healthz")
    assert (response.status_code, response.get_json()) == (200, {"status": "ok"})


def test_ready_with_the_schema_of_this_code(app: Flask) -> None:
    assert app.test_client().get("/readyz").status_code == 200


def not_ready(app: Flask) -> str:
    response = app.test_client().get("/readyz")
    assert response.status_code == 503
    assert response.content_type == "application/problem+json"
    assert response.headers["Retry-After"]
    return response.get_json()["detail"]


def test_not_ready_without_the_database(stranded: Flask) -> None:
    assert not_ready(stranded) == "The database does not answer."


def test_not_ready_without_the_schema_or_behind_it_but_ready_ahead_of_it(fresh: Flask) -> None:
    assert "flask db upgrade" in not_ready(fresh)
    with fresh.app_context():
        upgrade()
        db.session.remove()
    assert fresh.test_client().get("/readyz").status_code == 200
    execute(fresh, "UPDATE alembic_version SET version_num = '9999_later'")
    assert fresh.test_client().get("/readyz").status_code == 200
    execute(fresh, "UPDATE alembic_version SET version_num = '0000_before'")
    assert "0000_before" in not_ready(fresh)
    execute(fresh, "DELETE FROM alembic_version")
    assert "no revision" in not_ready(fresh)


def test_not_ready_where_row_level_security_blinds_the_role(fresh: Flask) -> None:
    with fresh.app_context():
        upgrade()
        db.session.remove()
    execute(fresh, "DROP ROLE IF EXISTS vorex_blind", "CREATE ROLE vorex_blind LOGIN",
            "GRANT SELECT ON ALL TABLES IN SCHEMA public TO vorex_blind",
            "CREATE POLICY all_revisions ON alembic_version FOR SELECT USING (true)")  # fmt: skip
    with fresh.app_context():
        url = db.engine.url.set(drivername="postgresql", username="vorex_blind")
    settings = {
        "DATABASE_URL": url.render_as_string(hide_password=False),
        "SUPABASE_JWT_SECRET": SECRET,
    }
    blind = create_app(config.read(settings))
    assert "Row level security" in not_ready(blind)
    with blind.app_context():
        db.engine.dispose()
    execute(fresh, "DROP OWNED BY vorex_blind", "DROP ROLE vorex_blind")


def test_a_database_that_is_away_is_503_with_retry_after(stranded: Flask) -> None:
    learner = Learner(stranded)
    body = {"session_type": "roleplay", "duration_seconds": 5}
    for response in (
        learner.request("GET", "/api/sessions/stats"),
        learner.request("GET", "/api/sessions/history"),
        learner.request("POST", "/api/sessions/save", json=body),
    ):
        assert response.status_code == 503
        assert response.headers["Retry-After"]
        assert "127.0.0.1" not in response.text


def test_a_read_only_database_is_503_for_saves(fresh: Flask) -> None:
    with fresh.app_context():
        upgrade()
        name = db.engine.url.database
    execute(fresh, f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
    with fresh.app_context():
        db.engine.dispose()
    learner = Learner(fresh)
    body = {"session_type": "roleplay", "duration_seconds": 5}
    response = learner.request("POST", "/api/sessions/save", json=body)
    assert response.status_code == 503
    assert response.headers["Retry-After"]
    assert learner.count() == 0


def test_a_database_that_isolates_more_by_default_changes_nothing(fresh: Flask) -> None:
    with fresh.app_context():
        upgrade()
        name = db.engine.url.database
    execute(
        fresh, f"""ALTER DATABASE "{name}" SET default_transaction_isolation = 'serializable'"""
    )
    with fresh.app_context():
        db.engine.dispose()
        with db.engine.connect() as connection:
            level = connection.exec_driver_sql("SHOW default_transaction_isolation").scalar()
    assert level == "read committed"  # a read after a lock must see what was committed before it


def test_reads_survive_a_restart_of_the_database(app: Flask, learner: Learner) -> None:
    learner.save()
    execute(app, "SELECT 1")
    with app.app_context(), db.engine.connect() as connection:
        connection.execute(
            sa.text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    assert learner.count() == 1


@pytest.mark.parametrize("first", [0, 1])
def test_saves_survive_connections_of_which_every_other_is_dead(
    app: Flask, learner: Learner, database_url: str, first: int
) -> None:
    learner.save()
    with app.app_context():
        db.engine.dispose()
        connections = [db.engine.connect() for _ in range(4)]
        pids = [
            connection.execute(sa.text("SELECT pg_backend_pid()")).scalar_one()
            for connection in connections
        ]
        for connection in connections:
            connection.close()
    with closing(psycopg2.connect(database_url)) as outside, outside.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pid) FROM unnest(%s) AS pid", [pids[first::2]])
    learner.save()
    assert learner.count() == 2


def test_corrections_and_downloads_survive_a_restart_of_the_database(
    app: Flask, learner: Learner, database_url: str
) -> None:
    path = f"/api/sessions/{learner.save()['session_result_id']}"
    learner.get("/export")
    with closing(psycopg2.connect(database_url)) as outside, outside.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    assert learner.request("PATCH", path, json={"fluency_score": 50}).status_code == 200
    assert learner.get("/export")["sessions"][0]["fluency_score"] == 50


@pytest.mark.parametrize("given", ["abc-123", "x" * 128, "with space", "~!@#"])
def test_the_callers_request_id_comes_back(app: Flask, given: str) -> None:
    response = app.test_client().get("/healthz", headers={"X-Request-ID": given})
    assert response.headers["X-Request-ID"] == given


@pytest.mark.parametrize("given", ["", "x" * 129, "é", "tab\there", " "])
def test_an_unusable_request_id_is_replaced(app: Flask, given: str) -> None:
    request_id = (
        app.test_client().get("/healthz", headers={"X-Request-ID": given}).headers["X-Request-ID"]
    )
    assert request_id != given
    assert len(request_id) == 36


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("GET", "/docs//assets/swagger-ui.css", 404),
        ("GET", "/api/sessions/save/", 404),
        ("GET", "/docs/assets/nothing.js", 404),
        ("GET", "/docs/assets/../../config.py", 404),
        ("DELETE", "/healthz", 405),
        ("GET", "/api/sessions/save", 405),
        ("PATCH", "/api/sessions/history", 405),
    ],
)
def test_every_error_is_a_problem(app: Flask, method: str, path: str, status: int) -> None:
    response = app.test_client().open(path, method=method)
    assert response.status_code == status
    assert response.content_type == "application/problem+json"
    assert response.headers["X-Request-ID"]
    problem = response.get_json()
    assert problem["type"].startswith("/problems/")
    assert problem["status"] == status
    assert problem["title"]
    assert problem["detail"]
    assert (status == 405) == ("Allow" in response.headers)


def test_a_bug_is_a_500_that_tells_nothing(
    settings: dict, caplog: pytest.LogCaptureFixture
) -> None:
    app = create_app(settings)

    @app.get("/bug")
    def bug() -> str:
        raise KeyError("a secret thing")

    response = app.test_client().get("/bug")
    assert response.status_code == 500
    assert response.content_type == "application/problem+json"
    assert "secret" not in response.text
    assert "KeyError" in caplog.text
    assert "secret" not in caplog.text
    (record,) = [
        record for record in caplog.records if record.name == "vorex_sessions.problems.handler"
    ]
    assert any(place.endswith(" bug") for place in record.fields["error"][0]["at"])


def test_the_front_door_leads_to_the_docs(app: Flask) -> None:
    response = app.test_client().get("/")
    assert (response.status_code, response.headers["Location"]) == (302, "/docs")


@pytest.mark.parametrize("path", ["/docs", "/docs/live", "/redoc"])
def test_docs_pages_name_no_other_host(app: Flask, path: str) -> None:
    page = app.test_client().get(path).text
    assert "http://" not in page
    assert "https://" not in page


@pytest.mark.parametrize(
    "path",
    [
        "/docs/assets/swagger-ui.css",
        "/docs/assets/swagger-ui-bundle.js",
        "/redoc/assets/js/redoc.standalone.js",
    ],
)
def test_assets_come_from_the_service_itself(app: Flask, path: str) -> None:
    with app.test_client().get(path) as response:
        assert response.status_code == 200
        assert int(response.headers["Content-Length"]) > 10_000
