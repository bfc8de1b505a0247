"""`make run` in a new clone: the local runner, its embedded PostgreSQL, and its end."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

import psutil
import pytest
import requests

from tests.serving import ROOT, free_port, wait_until_healthy
from tests.timing import tries
from vorex_sessions.local import embedded_postgres


def clone_in(folder: Path) -> Path:
    """Copy the project's files, without the files that a run creates."""
    target = folder / "a clone"
    kept = ["vorex_sessions", "server", "migrations", *(path.name for path in ROOT.glob("*.py"))]
    for name in kept:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, target / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target / name)
    return target


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    return clone_in(tmp_path)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator["Run"]:
    """A `make run` for all tests that change nothing of it."""
    run = Run(clone_in(tmp_path_factory.mktemp("running"))).ready()
    Run.started.remove(run)  # it outlives a test
    yield run
    run.end(signal.SIGTERM)


@pytest.fixture(autouse=True)
def _nothing_outlives_a_failed_test() -> Iterator[None]:
    yield
    for run in Run.started:
        if run.process.poll() is None:
            run.end(signal.SIGTERM)
        run.output.close()
    Run.started.clear()


class Run:
    """A `make run` in a clone."""

    started: ClassVar[list["Run"]] = []

    def __init__(self, clone: Path, port: int | None = None) -> None:
        self.clone, self.port = clone, port or free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        environment = {
            name: value
            for name, value in os.environ.items()
            if name not in ("DATABASE_URL", "SUPABASE_JWT_SECRET")
        }
        self.output = (clone / f"output-{time.monotonic_ns()}").open("w+")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "vorex_sessions.local", "run"],
            cwd=clone,
            env={**environment, "PORT": str(self.port)},
            stdout=self.output,
            stderr=subprocess.STDOUT,
            # A shell that runs the tests in the background makes them and their children ignore Ctrl-C.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        self.started.append(self)

    def ready(self) -> "Run":
        wait_until_healthy(self.address, self.process, 60)
        deadline = time.monotonic() + 10
        while "Ctrl-C stops everything" not in self.printed():
            assert time.monotonic() < deadline, self.printed()
            time.sleep(0.05)
        return self

    def printed(self) -> str:
        self.output.seek(0)
        return self.output.read()

    def processor_seconds(self) -> float:
        """Return the processor seconds of the runner and its children, whatever the machine's load."""
        runner = psutil.Process(self.process.pid)
        return sum(
            sum(process.cpu_times()[:4])  # its own and its ended children's, user and system
            for process in [runner, *runner.children(recursive=True)]
        )

    def end(self, how: signal.Signals) -> int:
        self.process.send_signal(how)
        return self.wait()

    def wait(self) -> int:
        status = self.process.wait(timeout=30)
        self.final_output = self.printed()
        self.output.close()
        return status

    def left_over(self) -> list[str]:
        """Return the processes of this clone that still run."""
        return [
            " ".join(process.info["cmdline"])
            for process in psutil.process_iter(["cmdline", "cwd", "status"])
            if process.info["status"] != psutil.STATUS_ZOMBIE
            and (
                str(self.clone) in " ".join(process.info["cmdline"] or [])
                or (process.info["cwd"] or "").startswith(str(self.clone))
            )
        ]


def wait_until_closed(port: int) -> None:
    """Wait for the service to end, as it does when `make run` has crashed."""
    deadline = time.monotonic() + 5
    with suppress(ConnectionRefusedError):
        while True:
            socket.create_connection(("127.0.0.1", port)).close()
            assert time.monotonic() < deadline
            time.sleep(0.05)


def curl_of(printed: str) -> list[str]:
    (command,) = re.findall(r"^curl -X POST (?:.*\\\n)*.*$", printed, re.MULTILINE)
    return ["sh", "-c", command.replace("curl ", "curl -sS ", 1)]


def save_as_printed(printed: str) -> str:
    saved = subprocess.check_output(curl_of(printed), text=True)
    assert '"session_result_id"' in saved
    return saved


def test_the_printed_curl_works(running: Run) -> None:
    save_as_printed(running.printed())


def test_two_clones_run_side_by_side_and_everything_of_one_ends(running: Run, clone: Path) -> None:
    run = Run(clone).ready()
    save_as_printed(run.printed())
    assert run.end(signal.SIGINT) == 0
    assert run.left_over() == []
    save_as_printed(running.printed())


def test_one_clone_runs_once(running: Run) -> None:
    second = Run(running.clone)
    assert second.wait() == 1
    assert "already running" in second.final_output


def test_a_taken_port_is_said(running: Run, clone: Path) -> None:
    blocked = Run(clone, running.port)
    assert blocked.wait() == 1
    assert f"Port {running.port} is taken" in blocked.final_output


def test_commands_work_beside_the_running_service(running: Run) -> None:
    assert "practice sessions" in flask(running.clone, "demo")
    assert requests.get(f"{running.address}/readyz", timeout=5).ok


def flask(clone: Path, *arguments: str) -> str:
    """Return what a command prints."""
    command = [sys.executable, "-m", "vorex_sessions.local", "flask", *arguments]
    plain = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    return subprocess.check_output(command, cwd=clone, env=plain, text=True)


def test_data_and_secret_survive_a_crash_and_the_next_start_is_quick(clone: Path) -> None:
    crashed = Run(clone).ready()
    saved = save_as_printed(crashed.printed())
    crashed.end(signal.SIGKILL)
    wait_until_closed(crashed.port)
    for attempt in tries():
        run = Run(clone, crashed.port).ready()
        attempt.check(run.processor_seconds(), 8)  # on two free cores, half as long in real time
        if attempt.slow:
            run.end(signal.SIGINT)
    token = re.search(r"Bearer (\S+)\"", crashed.final_output).group(1)
    history = requests.get(
        f"{run.address}/api/sessions/history",
        headers={"Authorization": f"Bearer {token}"},
        timeout=5,
    )
    assert history.json()["sessions"][0]["session_result_id"] in saved
    pid_file = clone / "instance" / "postgres" / "postmaster.pid"
    stale = pid_file.read_text()
    assert run.end(signal.SIGINT) == 0
    assert run.left_over() == []
    assert "(head)" in flask(clone, "db", "current")  # without the service
    assert run.left_over() == []
    # After a power cut, the number in the pid file may belong to another process.
    pid_file.write_text(stale.replace(stale.split("\n")[0], str(os.getpid()), 1))
    again = Run(clone).ready()
    assert again.end(signal.SIGINT) == 0


@pytest.fixture
def temporary() -> Iterator[Path]:
    """A folder for temporary files; with a short path, as a socket in it needs."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)  # PostgreSQL may run as another user
    yield folder
    shutil.rmtree(folder)


def test_nothing_is_shared_with_other_users_of_the_machine(
    clone: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (temporary / ".lockfile").mkdir()  # what nobody can open, as another user's file
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    far = clone.rename(clone.parent / ("long " * 30 + "name"))  # too long for a socket's path
    run = Run(far).ready()
    (folder,) = temporary.glob("vorex-????????")
    assert folder.stat().st_mode & 0o077 == 0
    assert run.end(signal.SIGTERM) == 0
    assert run.left_over() == []
    assert not folder.exists()


def test_a_start_that_fails_leaves_no_folder(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        assert Run(clone, other.getsockname()[1]).wait() == 1
    assert not (clone / "instance").exists()
    monkeypatch.setenv("LOG_LEVEL", "LOUD")
    assert Run(clone).wait() == 1
    assert not (clone / "instance").exists()


def test_a_database_that_does_not_start_leaves_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "postgres"
    real = embedded_postgres.control

    def misled(data: Path, *arguments: str) -> None:
        real(data, *(part.replace("-h ''", "-c no_such=1") for part in arguments))

    monkeypatch.setattr(embedded_postgres, "control", misled)
    with pytest.raises(subprocess.CalledProcessError):
        embedded_postgres.start(data)
    assert [path.name for path in tmp_path.iterdir()] == ["postgres.lock"]
