"""gunicorn's settings; `gunicorn wsgi:app` finds this file by its name.

Do not import the app here: each worker imports it after gevent has patched the standard library.
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


class NoAccessLog(Logger):
    """gunicorn's logger without the access log: operations/observing.py logs each request."""

    def access(self, *args: Any) -> None:
        """Skip a record that gunicorn would build only to discard it."""


class DrainingWorker(GeventWorker):
    """On SIGTERM, finishes running requests and closes idle keep-alive connections.

    GeventWorker waits for idle connections until the graceful timeout ends: every stop took 30 s.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.idle_connections: set[Any] = set()

    def handle(self, listener: Any, client: Any, addr: Any) -> None:
        """Serve a connection."""
        self.idle_connections.add(client)
        try:
            super().handle(listener, client, addr)
        finally:
            self.idle_connections.discard(client)

    def handle_request(self, listener_name: Any, req: Any, sock: Any, addr: Any) -> Any:
        """Serve one request of a connection."""
        self.idle_connections.discard(sock)
        sock.settimeout(SLOW_CLIENT)
        try:
            return super().handle_request(listener_name, req, sock, addr)
        finally:
            sock.settimeout(None)
            self.idle_connections.add(sock)

    def handle_exit(self, sig: Any, frame: Any) -> None:
        """Start the shutdown."""
        super().handle_exit(sig, frame)
        gevent.spawn(self._close_idle)

    def _close_idle(self) -> None:
        while True:
            for client in list(self.idle_connections):
                with suppress(OSError):
                    client.shutdown(socket.SHUT_RD)
            gevent.sleep(0.1)


# Libraries that the workers need. The master imports them once, so that the workers share their memory.
# A library with a lock, socket or thread may not be listed (tests/operations/test_shared_memory.py).
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
    sys.exit(str(error))  # gunicorn would show a traceback

bind = f"0.0.0.0:{_settings['PORT']}"
workers = _settings["WEB_CONCURRENCY"]
worker_class = DrainingWorker  # serves many slow phones; measured in docs/decisions.md
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # no heartbeat waits for a disk
graceful_timeout = _settings["GRACEFUL_TIMEOUT"]
timeout = 30  # seconds without a heartbeat before a worker is replaced
control_socket_disable = True  # unused; all servers of a user would share its path
keepalive = 75  # longer than the idle timeout of common proxies, so that they close first
forwarder_headers = ""  # SCRIPT_NAME from a trusted peer would make every path a 404
limit_request_field_size = 16384  # bytes; auth/caller.py refuses tokens over half of it
logger_class = NoAccessLog
logconfig_dict = logging_config(_settings["LOG_LEVEL"])

# The workers write their metrics to one folder, so that any worker can answer /metrics for all.
_METRICS_PREFIX = f"vorex-metrics-{os.getpid()}-"  # the master's pid, also after a reload
if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix=_METRICS_PREFIX)


def when_ready(server: Any) -> None:
    """Freeze the objects that the workers will share: the garbage collector then ignores them."""
    gc.collect()
    gc.freeze()


def child_exit(server: Any, worker: Any) -> None:
    """Keep counters and drop gauges of a dead worker."""
    # Imported late: the library reads PROMETHEUS_MULTIPROC_DIR once, at its first import.
    from prometheus_client.multiprocess import mark_process_dead

    mark_process_dead(worker.pid)


def on_exit(server: Any) -> None:
    """Remove the metrics folder, if it was created here."""
    folder = Path(os.environ["PROMETHEUS_MULTIPROC_DIR"])
    if folder.name.startswith(_METRICS_PREFIX):
        shutil.rmtree(folder, ignore_errors=True)
