"""Server settings; gunicorn finds this file by itself: `gunicorn wsgi:app`.

Nothing of the app may be imported here: the workers load it, after gevent has patched them.
"""

import gc
import importlib
import os
import shutil
import socket
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import gevent
from gunicorn.glogging import Logger
from gunicorn.workers.ggevent import GeventWorker

from config import SettingError, read, require
from logs import logging_config

SLOW_CLIENT = 30  # seconds without a byte in either direction


class OneLog(Logger):
    """gunicorn's own, but for its line a request: ours says more (operations/observing.py)."""

    def access(self, *args: Any) -> None:
        """Put nothing together that would be thrown away."""


class DrainingWorker(GeventWorker):
    """On SIGTERM answers what is in flight, and hangs up on connections that only stand by.

    gunicorn's own waits for those until the graceful timeout ends, so that every stop took 30 s.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.standing_by: set[Any] = set()

    def handle(self, listener: Any, client: Any, addr: Any) -> None:
        """Serve a connection."""
        self.standing_by.add(client)
        try:
            super().handle(listener, client, addr)
        finally:
            self.standing_by.discard(client)

    def handle_request(self, listener_name: Any, req: Any, sock: Any, addr: Any) -> Any:
        """Serve one request of a connection."""
        self.standing_by.discard(sock)
        sock.settimeout(SLOW_CLIENT)
        try:
            return super().handle_request(listener_name, req, sock, addr)
        finally:
            sock.settimeout(None)
            self.standing_by.add(sock)

    def handle_exit(self, sig: Any, frame: Any) -> None:
        """Begin to stop."""
        super().handle_exit(sig, frame)
        gevent.spawn(self._hang_up)

    def _hang_up(self) -> None:
        while True:
            for client in list(self.standing_by):
                with suppress(OSError):
                    client.shutdown(socket.SHUT_RD)
            gevent.sleep(0.1)


# What the workers need of other people's, loaded once: its memory is theirs in common. Only what keeps
# no lock, socket or thread of its own may be here (tests/operations/test_shared_memory.py).
for _library in (
    *("cryptography.x509", "flask", "flask_cors", "flask_jwt_extended", "flask_smorest"),
    *("flask_sqlalchemy", "fsrs", "importlib.resources", "marshmallow", "zoneinfo"),
    *("orjson", "rapidfuzz.fuzz", "rapidfuzz.process", "sqlalchemy.orm", "statistics", "tomllib"),
    *("apispec.ext.marshmallow", "psycopg2.extras", "sqlalchemy.dialects.postgresql.psycopg2"),
    *("webargs.flaskparser", "wsgiref.handlers"),
):
    importlib.import_module(_library)

try:
    _settings = read()
    require(_settings)
except SettingError as error:
    sys.exit(str(error))  # a sentence, where gunicorn would show a traceback

bind = f"0.0.0.0:{_settings['PORT']}"
workers = _settings["WEB_CONCURRENCY"]
worker_class = DrainingWorker  # many slow phones a worker; docs/decisions.md has what was measured
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # beats wait for no busy disk
graceful_timeout = _settings["GRACEFUL_TIMEOUT"]
timeout = 30  # seconds without a heartbeat before a worker is replaced
control_socket_disable = True  # unused, and its path is one for all servers of a user
keepalive = 75  # longer than the idle timeout of common proxies, so that they close first
forwarder_headers = ""  # SCRIPT_NAME from a neighbour would make every path unknown
limit_request_field_size = 16384  # bytes; a token of half of it is ours to refuse
logger_class = OneLog
logconfig_dict = logging_config(_settings["LOG_LEVEL"])

# Where the workers keep their figures, so that each of them can answer /metrics for all.
_OURS = f"vorex-metrics-{os.getpid()}-"  # the master's number, after a reload, too
if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix=_OURS)


def when_ready(server: Any) -> None:
    """Before the workers begin: the garbage collector leaves alone what they share."""
    gc.collect()
    gc.freeze()


def child_exit(server: Any, worker: Any) -> None:
    """What a worker counted stays, what it was holding is over."""
    # Not before the folder is set: the library looks for it once, when it is first imported.
    from prometheus_client.multiprocess import mark_process_dead

    mark_process_dead(worker.pid)


def on_exit(server: Any) -> None:
    """Leave nothing behind."""
    figures = Path(os.environ["PROMETHEUS_MULTIPROC_DIR"])
    if figures.name.startswith(_OURS):
        shutil.rmtree(figures, ignore_errors=True)
