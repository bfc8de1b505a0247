"""The servers that are compared, each as its users would run it, with 2 workers."""

import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg2
import requests

from bench.databases import BIN, ROOT, environment

PEERS = ROOT / ".venv" / "peers" / "bin"
_LOGS = ROOT / "instance" / "bench"
# Of the service: as shipped, and with less.
SHIPPED = "wsgi:app"
NOTHING_DERIVED = "bench.peers.nothing_derived:app"
GROWTH_ALONE = "bench.peers.growth_alone:app"
TOTALS_ALONE = "bench.peers.totals_alone:app"
# The peers: with nothing else on, as its users deploy it, and with totals, streak and words in its saves.
BARE = ("bench.peers.fastapi_peer:app",)
EQUIPPED = ("--factory", "bench.peers.fastapi_equipped:create_app")
DERIVING = ("--factory", "bench.peers.fastapi_deriving:create_app")
_DERIVED_TABLES = ROOT / "bench" / "peers" / "fastapi_deriving.sql"
_UNLIMITED = {"RATELIMIT_READS": "1000000", "RATELIMIT_WRITES": "1000000"}  # no learner reaches it


@dataclass(frozen=True)
class Running:
    """A running server."""

    address: str
    process: psutil.Process

    def family(self) -> list[psutil.Process]:
        """Return the server's processes."""
        return [self.process, *self.process.children(recursive=True)]

    def cpu(self) -> float:
        """Return the processor seconds that all its processes have used so far."""
        times = [process.cpu_times() for process in self.family()]
        return sum(usage.user + usage.system for usage in times)

    def memory(self) -> list[int]:
        """Return each process's proportional set size (PSS, see proc(5)) in bytes, the main process first."""
        return [process.memory_full_info().pss for process in self.family()]


@contextmanager
def service(
    address: str, *arguments: str, app: str = SHIPPED, root: Path = ROOT, **settings: str
) -> Iterator[Running]:
    """Run our service with all features on, and with limits that no learner reaches."""
    gunicorn = BIN / "gunicorn" if root == ROOT else root / ".venv" / "bin" / "gunicorn"
    with _running(
        lambda port: [gunicorn, app, *arguments],
        "/healthz",
        address,
        root,
        **_UNLIMITED,
        **settings,
    ) as running:
        yield running


@contextmanager
def peer(address: str, app: tuple[str, ...] = BARE) -> Iterator[Running]:
    """Run a FastAPI peer under uvicorn."""
    options = ["--workers", "2", "--loop", "uvloop", "--http", "httptools", "--no-access-log"]
    if app == DERIVING:
        with closing(psycopg2.connect(address)) as connection, connection:
            connection.cursor().execute(_DERIVED_TABLES.read_text())
    with (
        tempfile.TemporaryDirectory() as metrics,
        _running(
            lambda port: [
                *(PEERS / "uvicorn", *app, "--port", str(port)),
                *(*options, "--log-level", "warning"),
            ],
            "/docs",
            address,
            PROMETHEUS_MULTIPROC_DIR=metrics,
            **_UNLIMITED,
        ) as running,
    ):
        yield running


@contextmanager
def hello() -> Iterator[Running]:
    """Run a Flask hello under our gunicorn and its settings."""
    with _running(
        lambda port: [BIN / "gunicorn", "bench.peers.hello:app"], "/hello", ""
    ) as running:
        yield running


@contextmanager
def _running(
    command: Callable[[int], list[object]],
    path: str,
    database: str,
    root: Path = ROOT,
    **settings: str,
) -> Iterator[Running]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    variables = environment(database or "postgresql://none/none", PORT=str(port), **settings)
    file = _LOGS / f"{port}.log"
    with file.open("wb") as log:  # written as in production, and not read
        process = subprocess.Popen(
            command(port), cwd=root, env=variables, stdout=log, stderr=log, start_new_session=True
        )
    running = Running(f"http://127.0.0.1:{port}", psutil.Process(process.pid))
    try:
        _wait(running.address + path, process, file)
        yield running
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
        file.unlink()


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended while it started: {log.read_text()[-2000:]}")
        try:
            if requests.get(url, timeout=1).ok:
                return
        except requests.RequestException:
            time.sleep(0.05)
    raise RuntimeError(f"nothing answers at {url}: {log.read_text()[-2000:]}")


def database_cpu(folder: Path) -> float:
    """Return the processor seconds used so far by the PostgreSQL server whose data are in a folder."""
    postmaster = psutil.Process(int((folder / "postmaster.pid").read_text().split()[0]))
    total = 0.0
    for process in [postmaster, *postmaster.children()]:
        with suppress(psutil.NoSuchProcess):  # it has ended meanwhile
            times = process.cpu_times()
            total += times.user + times.system
            if process is postmaster:  # of its ended children
                total += times.children_user + times.children_system
    return total
