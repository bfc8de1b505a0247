"""`make run`, `make demo`, `make token`: the service on this machine, with a database and a secret.

`python -m vorex_sessions.local run` serves; `… flask COMMAND` runs a flask command with the same settings.
"""

import fcntl
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

import config
from vorex_sessions import create_app
from vorex_sessions.database.migrate import upgrade
from vorex_sessions.demo import tokens
from vorex_sessions.local import embedded_postgres

INSTANCE = Path(__file__).parent.parent.parent / "instance"
DATA = INSTANCE / "postgres"
SECRET = INSTANCE / "jwt-secret"
_EXAMPLE = (
    '{"session_type": "conversation", "duration_seconds": 300, "words_spoken": 120,'
    ' "pronunciation_score": 85.5, "fluency_score": 78.0, "grammar_score": 82.5,'
    ' "topics": ["travel", "hotels"], "vocabulary_learned": ["reservation", "available"],'
    ' "areas_to_improve": ["past tense", "prepositions"]}'
)


def main(arguments: list[str]) -> int:
    """Run `run` or `flask …`; return the exit status."""
    for stop_signal in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(stop_signal, _interrupt)
    is_new = not INSTANCE.exists()
    INSTANCE.mkdir(exist_ok=True)
    try:
        with (INSTANCE / "run.lock").open("w") as lock:
            return _run(lock) if arguments == ["run"] else _run_command(lock, arguments[1:])
    except config.SettingError as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        if (
            is_new
            and not DATA.exists()
            and not (os.environ.get("DATABASE_URL") and SECRET.exists())
        ):
            shutil.rmtree(INSTANCE, ignore_errors=True)  # the start has failed


def _interrupt(signum: int, frame: object) -> None:
    raise KeyboardInterrupt


def _acquire(lock: TextIO, mode: int) -> bool:
    """Lock exclusively for `make run` and to stop the database, else shared; a crash releases the lock."""
    try:
        fcntl.flock(lock, mode | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _run(lock: TextIO) -> int:
    port = config.read()["PORT"]
    if not _acquire(lock, fcntl.LOCK_EX):
        print("`make run` or another command is already running in this clone.", file=sys.stderr)
        return 1
    if not _is_free(port):
        print(f"Port {port} is taken; choose another: PORT={port + 1} make run", file=sys.stderr)
        return 1
    try:
        return _serve(port, _environment())
    except KeyboardInterrupt:
        return 0
    finally:
        _stop_database()


def _run_command(lock: TextIO, command: list[str]) -> int:
    """Run a flask command, on the database of the running service or on one started for the command."""
    _acquire(lock, fcntl.LOCK_SH)
    try:
        return subprocess.call([_tool("flask"), *command], env=_environment())
    finally:
        if _acquire(lock, fcntl.LOCK_EX):  # no other process needs the database
            _stop_database()


def _stop_database() -> None:
    if not os.environ.get("DATABASE_URL") and (DATA / "postmaster.pid").exists():
        embedded_postgres.stop(DATA)


def _tool(name: str) -> str:
    return str(Path(sys.executable).parent / name)


def _environment() -> dict[str, str]:
    """Return the environment of the service, with a secret and a database where none is set."""
    environment = {**os.environ, "FLASK_APP": "wsgi"}
    if not environment.get("SUPABASE_JWT_SECRET"):
        if not SECRET.exists():
            temporary = SECRET.with_suffix(f".{os.getpid()}")
            temporary.touch(mode=0o600)
            temporary.write_text(secrets.token_urlsafe(48))
            temporary.rename(SECRET)  # atomic
        environment["SUPABASE_JWT_SECRET"] = SECRET.read_text()
    if not environment.get("DATABASE_URL"):
        environment["DATABASE_URL"] = embedded_postgres.start(DATA)
    return environment


def _serve(port: int, environment: dict[str, str]) -> int:
    app = create_app(config.read(environment))
    with app.app_context():
        upgrade()
        now = datetime.now(UTC)
        token = tokens.mint(tokens.DEMO_LEARNER, role="authenticated", days=30, now=now)
    # In its own session: Ctrl-C reaches only this process, which lets gunicorn finish running requests.
    server = subprocess.Popen(
        [_tool("gunicorn"), "-c", str(Path(__file__).with_name("gunicorn_conf.py")), "wsgi:app"],
        env=environment,
        stdin=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        while server.poll() is None and _is_free(port):
            time.sleep(0.05)
        if server.poll() is None:
            _print_welcome(port, token)
        return server.wait()
    finally:
        server.terminate()
        server.wait()


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return probe.connect_ex(("127.0.0.1", port)) != 0


def _print_welcome(port: int, token: str) -> None:
    address = f"http://localhost:{port}"
    print(
        f"""
Vorex Sessions is at {address} (docs: {address}/docs). Save a practice session:

curl -X POST {address}/api/sessions/save \\
  -H "Authorization: Bearer {token}" \\
  -H "Content-Type: application/json" \\
  -d '{_EXAMPLE}'

Then read /api/sessions/history, /api/sessions/stats and /api/sessions/warmup with the same token:

curl -H "Authorization: Bearer {token}" {address}/api/sessions/stats

`make demo` adds half a year of practice for this learner. Ctrl-C stops everything.
""",
        flush=True,
    )
