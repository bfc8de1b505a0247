"""A learning record store (LRS), Ralph by OpenFUN, that keeps statements in a file."""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import requests

from tests.serving import free_port

LRS = Path(__file__).parent / "lrs"
BIN = LRS / ".venv" / "bin"
KEY, SECRET = "key", "secret"
_USER = {
    "agent": {"mbox": "mailto:lrs@example.com", "objectType": "Agent"},
    "scopes": ["all"],
    "hash": "$2b$12$Nb8eDplVjYcdHmWwnLln8eAWeHOUeDiJ.ecf0t1CluDHxOkJItDLe",  # of SECRET
    "username": KEY,
}


@dataclass
class Store:
    """A running LRS."""

    url: str  # what a client is told: `/statements` follows

    def post(self, statements: Any) -> requests.Response:
        """Send one statement or a list of them."""
        return self._request("POST", json=statements)

    def statements(self, **query: str) -> list[dict[str, Any]]:
        """What is stored."""
        found: list[dict[str, Any]] = self._request("GET", params=query).json()["statements"]
        return found

    def _request(self, method: str, **options: Any) -> requests.Response:
        headers = {"X-Experience-API-Version": "1.0.3"}
        url = f"{self.url}/statements"
        return requests.request(
            method, url, auth=(KEY, SECRET), headers=headers, timeout=30, **options
        )


@contextmanager
def learning_record_store(folder: Path) -> Iterator[Store]:
    """Run an LRS that keeps its statements in a folder."""
    assert BIN.exists(), "`make external` installs the LRS first"
    kept, users, port = folder / "statements", folder / "auth.json", free_port()
    kept.mkdir()
    users.write_bytes(orjson.dumps([_USER]))
    environment = {
        **os.environ,
        "RALPH_APP_DIR": str(folder),
        "RALPH_AUTH_FILE": str(users),
        "RALPH_BACKENDS__LRS__FS__DEFAULT_DIRECTORY_PATH": str(kept),
        "RALPH_RUNSERVER_BACKEND": "fs",
        "RALPH_RUNSERVER_MAX_SEARCH_HITS_COUNT": "10000",
    }
    process = subprocess.Popen(
        [BIN / "python", LRS / "serve.py", str(port)],
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(f"http://127.0.0.1:{port}", process)
        yield Store(f"http://127.0.0.1:{port}/xAPI")
    finally:
        process.terminate()
        process.wait(timeout=10)


def _wait(address: str, process: subprocess.Popen) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        assert process.poll() is None, "the LRS ended while it started"
        try:
            requests.get(f"{address}/whoami", timeout=1)
            return
        except requests.RequestException:
            time.sleep(0.1)
    raise AssertionError("the LRS did not start")
