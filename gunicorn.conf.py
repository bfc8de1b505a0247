"""gunicorn's settings; `gunicorn wsgi:app` finds this file by its name.

Do not import the app here: each worker imports it after gevent has patched the standard library.
"""

import ctypes
import gc
import importlib
import resource
import sys
from pathlib import Path
from typing import Any

from config import SettingError, read
from logs import logging_config
from required_settings import require
from server import forks, shared_metrics
from server.worker import SPARE, NoAccessLog, Worker

# Libraries that the workers need. The master imports them once, so that the workers share their memory.
# A library with a lock, socket or thread may not be listed (tests/operations/test_shared_memory.py).
for _library in (
    *("cryptography.x509", "flask", "flask_cors", "flask_jwt_extended", "flask_smorest"),
    *("flask_sqlalchemy", "fsrs", "importlib.resources", "marshmallow", "zoneinfo"),
    *("orjson", "rapidfuzz.fuzz", "rapidfuzz.process", "sqlalchemy.orm", "statistics", "tomllib"),
    *("apispec.ext.marshmallow", "psycopg2.extras", "sqlalchemy.dialects.postgresql.psycopg2"),
    *("webargs.flaskparser", "wsgiref.handlers", "wsproto.connection"),
):
    importlib.import_module(_library)

try:
    _settings = read()
    require(_settings)
except SettingError as error:
    sys.exit(str(error))  # gunicorn would show a traceback

# glibc keeps freed blocks of up to the largest size freed before: after some large bodies, tens of MB.
# Blocks of this size and more always go back to the system. (Other C libraries have no such function.)
_M_MMAP_THRESHOLD = -3  # malloc.h
if set_option := getattr(ctypes.CDLL(None), "mallopt", None):
    set_option(_M_MMAP_THRESHOLD, 128 * 1024)

# A connection is a file, and the usual limit is 1,024.
_files, _most_files = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (max(_files, min(_most_files, 65_536)), _most_files))

bind = f"0.0.0.0:{_settings['PORT']}"
workers = _settings["WEB_CONCURRENCY"]
worker_class = Worker  # serves many slow phones; measured in docs/decisions.md
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # no heartbeat waits for a disk
graceful_timeout = _settings["GRACEFUL_TIMEOUT"]
timeout = 30  # seconds without a heartbeat before a worker is replaced
control_socket_disable = True  # unused; all servers of a user would share its path
# More than may stay open have to be accepted, to make room for them.
worker_connections = _settings["WORKER_CONNECTIONS"] + SPARE
keepalive = 75  # longer than the idle timeout of common proxies, so that they close first
forwarder_headers = ""  # SCRIPT_NAME from a trusted peer would make every path a 404
limit_request_field_size = 16384  # bytes; auth/caller.py refuses tokens over half of it
logger_class = NoAccessLog
logconfig_dict = logging_config(_settings["LOG_LEVEL"])

forks.install()

# A reload of this file keeps the memory: workers that go on have it.
if shared_metrics.shared is None:
    shared_metrics.shared = shared_metrics.SharedMetrics(max(16, 4 * workers))


def when_ready(server: Any) -> None:
    """Freeze the objects that the workers will share: the garbage collector then ignores them."""
    gc.collect()
    gc.freeze()


def pre_fork(server: Any, worker: Any) -> None:
    """Give the worker a slot for its metrics."""
    assert shared_metrics.shared  # noqa: S101  # set above
    worker.metrics_slot = shared_metrics.shared.take()


def post_worker_init(worker: Any) -> None:
    """Freeze what the app is made of: a full collection over it would hold up every request."""
    gc.collect()
    gc.freeze()


def pre_request(worker: Any, request: Any) -> None:
    """Do nothing, instead of logging the path for DEBUG."""


def child_exit(server: Any, worker: Any) -> None:
    """Keep the counters of a worker that has ended; its gauges end with it."""
    assert shared_metrics.shared  # noqa: S101  # set above
    if worker.metrics_slot is not None:
        shared_metrics.shared.fold(worker.metrics_slot)
