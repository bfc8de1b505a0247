"""Fixtures. Each worker applies the migrations once; every test starts with empty tables."""

import os
from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask

import config
from tests import clock, patience, postgres, sent
from tests.factories import SECRET, AddressedClient, Learner
from vorex_sessions import create_app
from vorex_sessions.database.migrate import upgrade
from vorex_sessions.extensions import db

# Its limits are of the wall clock, which a busy machine breaks: 0.2 s for an example, a second to draw some.
hypothesis.settings.register_profile(
    "tests", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("tests")


def pytest_configure(config: pytest.Config) -> None:
    sent.start()
    patience.start()
    if not hasattr(config, "workerinput"):
        postgres.start()


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        postgres.stop()


def pytest_sessionfinish(session: pytest.Session) -> None:
    sent.finish(session)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    sent.report(terminalreporter)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    sent.collect(getattr(node, "workeroutput", {}))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    clock.begin()
    measures_time = any(map(item.get_closest_marker, ("alone", "limits_of_time")))
    patience.begin(usual=measures_time)


@pytest.fixture(scope="session")
def database_url(worker_id: str) -> Iterator[str]:
    with postgres.database(f"vorex_test_{worker_id}_{os.getpid()}") as url:
        yield url


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run tests marked `one_and_several` with both settings."""
    if metafunc.definition.get_closest_marker("one_and_several"):
        metafunc.fixturenames.append("machines")
        metafunc.parametrize("machines", ["one", "several"], indirect=True, scope="session")


@pytest.fixture(scope="session")
def machines(request: pytest.FixtureRequest) -> str:
    """As for how many machines the service is set: "one" or "several". The database has one."""
    return str(getattr(request, "param", "one"))


@pytest.fixture(scope="session")
def settings(database_url: str, machines: str) -> dict:
    return config.read(
        {
            "DATABASE_URL": database_url,
            "SUPABASE_JWT_SECRET": SECRET,
            "DB_DISTRIBUTED": str(machines == "several"),
        }
    )


@pytest.fixture(scope="session")
def app(settings: dict) -> Iterator[Flask]:
    app = create_app(settings)
    app.test_client_class = AddressedClient
    with app.app_context():
        upgrade()
        refuse_drift()
    yield app
    with app.app_context():
        db.engine.dispose()


def refuse_drift() -> None:
    """End the run where a model has what no migration makes: every test would fail for it."""
    with db.engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), db.metadata)
    if differences:
        reason = f"the models and the schema differ; write a migration (docs/development.md): {differences}"
        pytest.exit(reason, returncode=1)


@pytest.fixture(autouse=True)
def _clean_tables(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "app" in request.fixturenames:
        postgres.empty_tables(request.getfixturevalue("app"))


@pytest.fixture
def learner(app: Flask) -> Learner:
    return Learner(app)


@pytest.fixture
def other(app: Flask) -> Learner:
    return Learner(app)


@pytest.fixture
def in_app(app: Flask) -> Iterator[Flask]:
    with app.app_context():
        yield app
