"""Run the service under gunicorn, on a free port."""

import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import requests

from tests.factories import SECRET

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent


def free_port() -> int:
    """A port that nobody has, below those of outgoing connections: none takes it before its server."""
    while True:
        port = 20_000 + secrets.randbelow(12_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def environment(database_url: str, **settings: str) -> dict[str, str]:
    return {
        **os.environ,
        "DATABASE_URL": database_url,
        "SUPABASE_JWT_SECRET": SECRET,
        "FLASK_APP": "wsgi",
        **settings,
    }


@contextmanager
def gunicorn(
    database_url: str, log: Path = Path(os.devnull), **settings: str
) -> Iterator[tuple[str, subprocess.Popen]]:
    """Run the service; yield its address and its master process."""
    port = int(settings.get("PORT") or free_port())
    with log.open("ab") as output:
        process = subprocess.Popen(
            [BIN / "gunicorn", "wsgi:app"],
            cwd=ROOT,
            env=environment(database_url, **{**settings, "PORT": str(port)}),
            stdout=output,
            stderr=output,
        )
    address = f"http://127.0.0.1:{port}"
    try:
        wait_until_healthy(address, process)
        yield address, process
    finally:
        process.terminate()
        process.wait(timeout=60)


def wait_until_healthy(address: str, process: subprocess.Popen, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert process.poll() is None, "the service ended while it started"
        try:
            if requests.get(f"{address}/healthz", timeout=1).ok:
                return
        except requests.RequestException:
            time.sleep(0.05)
    raise AssertionError("the service did not start")
