"""What `/readyz` says of a database that answers and yet is of no use."""

from collections.abc import Iterator
from urllib.parse import quote

import pytest
from flask import Flask

import config
from tests import postgres
from tests.factories import SECRET, Learner, content
from tests.statements import recorded
from tests.timing import tries, wait_until
from vorex_sessions import create_app
from vorex_sessions.database.migrate import upgrade
from vorex_sessions.extensions import db


def app_at(url: str) -> Flask:
    return create_app(config.read({"DATABASE_URL": url, "SUPABASE_JWT_SECRET": SECRET}))


@pytest.fixture
def own(worker_id: str) -> Iterator[tuple[Flask, str]]:
    """An app on a database of its own, and its address."""
    with postgres.database(f"vorex_ready_{worker_id}") as url:
        app = app_at(url)
        with app.app_context():
            upgrade()
        yield app, url
        close(app)


def close(app: Flask) -> None:
    with app.app_context():
        for engine in db.engines.values():
            engine.dispose()


def execute(app: Flask, *statements: str) -> None:
    with app.app_context(), db.engine.connect() as connection:
        name = connection.engine.url.database
        for statement in statements:
            connection.exec_driver_sql(statement.replace("DATABASE OWN", f'DATABASE "{name}"'))


def detail(app: Flask) -> str | None:
    """Return what is wrong, and nothing where the service is ready."""
    response = app.test_client().get("/readyz")
    if response.status_code == 200:
        return None
    assert response.status_code == 503
    return str(response.get_json()["detail"])


def test_a_server_that_becomes_read_only_and_comes_back(own: tuple[Flask, str]) -> None:
    app, _ = own
    for attempt in tries():
        learner = Learner(app)
        learner.save()
        assert detail(app) is None
        execute(app, "ALTER DATABASE OWN SET default_transaction_read_only = on")
        close(app)
        assert (detail(app) or "").startswith("The database is read-only")
        assert learner.try_save(content()).status_code == 503
        assert learner.count() == 1
        postgres.administer(f'ALTER DATABASE "{name_of(app)}" RESET ALL')
        with attempt.under(1):
            wait_until(lambda: detail(app) is None)  # connections are replaced, not all the time
        learner.save()


def name_of(app: Flask) -> str:
    with app.app_context():
        return str(db.engine.url.database)


def test_a_role_that_may_only_read(own: tuple[Flask, str]) -> None:
    app, url = own
    execute(
        app,
        "DROP ROLE IF EXISTS vorex_reader",
        "CREATE ROLE vorex_reader LOGIN BYPASSRLS",
        "GRANT SELECT ON ALL TABLES IN SCHEMA public TO vorex_reader",
    )
    reader = app_at(
        url.replace("postgres:@", "vorex_reader@").replace("postgres@", "vorex_reader@")
    )
    try:
        assert "may not read and write cohort_participants" in (detail(reader) or "")
        execute(app, "GRANT INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO vorex_reader")
        assert detail(reader) is None
        execute(app, "REVOKE DELETE ON learner_words FROM vorex_reader")
        assert "may not read and write learner_words" in (detail(reader) or "")
        execute(app, "REVOKE SELECT ON alembic_version FROM vorex_reader")
        assert "may not read and write alembic_version" in (detail(reader) or "")
    finally:
        close(reader)
        execute(app, "DROP OWNED BY vorex_reader", "DROP ROLE vorex_reader")


def test_a_database_that_is_not_in_utf8(worker_id: str) -> None:
    options = "ENCODING 'SQL_ASCII' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'"
    with postgres.database(f"vorex_ascii_{worker_id}", options) as url:
        app = app_at(url)
        with app.app_context():
            upgrade()
        assert (detail(app) or "").startswith("The database's encoding is SQL_ASCII")
        close(app)


def test_options_of_the_address_are_kept_beside_ours(own: tuple[Flask, str]) -> None:
    _, url = own
    given = quote("-c statement_timeout=0 -c search_path=public,pg_temp -c extra_float_digits=-3")
    app = app_at(f"{url}{'&' if '?' in url else '?'}options={given}")
    with app.app_context(), db.engine.connect() as connection:

        def shown(name: str) -> str:
            return str(connection.exec_driver_sql(f"SHOW {name}").scalar_one())

        assert shown("search_path") == "public,pg_temp"
        assert shown("statement_timeout") == "5s"
        assert shown("idle_in_transaction_session_timeout") == "10s"
        assert shown("client_connection_check_interval") == "500ms"
        assert shown("extra_float_digits") == "1"
    assert detail(app) is None
    close(app)


def test_settings_that_did_not_arrive_are_named(own: tuple[Flask, str]) -> None:
    """As behind a pooler that ignores what it is told at connect."""
    app, _ = own
    with app.app_context(), db.engine.connect() as connection:
        connection.exec_driver_sql("SET statement_timeout = 0")
    said = detail(app) or ""
    assert said.startswith("statement_timeout is not what the service has set")
    assert "DB_TRANSACTION_POOLER=true" in said


def test_floats_that_lose_digits_behind_a_pooler(own: tuple[Flask, str]) -> None:
    app, url = own
    execute(app, "ALTER DATABASE OWN SET extra_float_digits = 0")
    settings = {"DATABASE_URL": url, "SUPABASE_JWT_SECRET": SECRET, "DB_TRANSACTION_POOLER": "true"}
    behind = create_app(config.read(settings))
    assert (detail(behind) or "").startswith("extra_float_digits is below 1")
    close(behind)


def test_readiness_is_one_round_trip(app: Flask) -> None:
    assert detail(app) is None
    with recorded(app) as sent:
        assert detail(app) is None
    assert len(sent) == 1
