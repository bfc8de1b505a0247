"""The tests of what sends SQL, on the oldest PostgreSQL that is supported: Debian's package postgresql-15."""

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.postgres import SETTINGS
from tests.serving import ROOT, free_port

pytestmark = pytest.mark.external

BIN = Path("/usr/lib/postgresql/15/bin")
# What a newer PostgreSQL has shown is as true of this one, where it is about something else.
# A new folder or file runs here, too, unless it is named.
LEFT_OUT = {
    "no SQL of their own": "auth server attack tools test_openapi.py test_structure.py test_commands.py "
    "sessions/test_json_bodies.py growth/test_two_years.py growth/test_catalogue.py "
    "growth/test_streak_arithmetic.py founding/test_conversion.py",
    "how many rows the newest planner reads": "sessions/test_save_cost.py",
    "start the embedded PostgreSQL": "local test_faults.py test_fail_over.py test_standby.py",
    "what gunicorn does, whatever a query answers": "test_serving.py operations/test_watching.py "
    "operations/test_security.py operations/test_shared_memory.py operations/test_fairness.py",
    "what a command's process does, likewise": "founding/test_process.py events/test_processes.py",
    "thousands of random sessions, whose statements the other tests of the folder send": "test_isolation.py "
    "growth/test_projection.py progress/test_stats_by_oracle.py cohorts/test_simulation.py",
}


# What memory and connections large downloads take. Small ones send their statements.
EXPORT = "tests/privacy/test_export.py::"
TESTS_LEFT_OUT = (
    "test_a_large_export_starts_at_once_and_takes_no_more_memory_than_a_small_one",
    "test_a_failure_half_way_breaks_the_connection_off",
    "test_a_download_that_is_given_up_frees_its_connection",
    "test_saves_go_on_beside_slow_downloads",
    "test_the_largest_sessions_start_at_once_and_take_little_memory",
)


@pytest.fixture
def server() -> Iterator[str]:
    """A PostgreSQL 15 server. It refuses to run as root, so it has its own user."""
    folder = Path(tempfile.mkdtemp(prefix="vorex-pg15-"))
    user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
    if os.geteuid() == 0:
        shutil.chown(folder, user, user)
    port = free_port()

    def run(*command: object) -> None:
        subprocess.run(
            [str(part) for part in command],
            check=True,
            user=user if os.geteuid() == 0 else None,
            cwd=folder,
            stdout=subprocess.DEVNULL,
        )

    data = folder / "data"
    run(BIN / "initdb", "-D", data, "-U", "postgres", "--auth=trust", "--encoding=utf8")
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1"
    # As on the embedded server, which has no JIT: on tables that nobody has analysed, as a test's are,
    # it compiles for up to a second what then runs for a millisecond.
    for setting in (*SETTINGS, "jit=off"):
        options += f" -c {setting}"
    run(BIN / "pg_ctl", "-w", "-D", data, "-l", folder / "log", "-o", options, "start")
    yield f"postgresql://postgres@127.0.0.1:{port}/postgres"
    run(BIN / "pg_ctl", "-w", "-D", data, "-m", "immediate", "stop")
    shutil.rmtree(folder)


def test_all_statements_hold_on_postgresql_15(server: str) -> None:
    environment = {**os.environ, "TEST_DATABASE_URL": server}
    for name in [name for name in environment if name.startswith(("PYTEST_", "VOREX_TEST"))]:
        del environment[name]
    left_out = [ROOT / "tests" / name for names in LEFT_OUT.values() for name in names.split()]
    assert [path for path in left_out if not path.exists()] == []
    source = (ROOT / EXPORT.removesuffix("::")).read_text()
    assert [name for name in TESTS_LEFT_OUT if f"def {name}(" not in source] == []
    # Each waits for PostgreSQL half of the time; the external tests beside them need a core, too.
    options = ["-q", "-m", "not external and not alone", "-p", "no:cacheprovider"]
    options += ["-n", "2", "--dist", "worksteal"]
    finished = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            *options,
            *(f"--ignore={path}" for path in left_out),
            *(f"--deselect={EXPORT}{name}" for name in TESTS_LEFT_OUT),
        ],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert finished.returncode == 0, finished.stdout[-5000:]
    assert " passed" in finished.stdout
