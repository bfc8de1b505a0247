"""Server settings; gunicorn finds this file by itself: `gunicorn wsgi:app`.

Nothing of the app may be imported here: the workers load it, after gevent has patched them.
"""

from typing import Any

from psycogreen.gevent import patch_psycopg

from config import read

_settings = read()

bind = f"0.0.0.0:{_settings['PORT']}"
workers = _settings["WEB_CONCURRENCY"]
worker_class = "gevent"  # many slow phones a worker; docs/decisions.md says what else was measured
worker_tmp_dir = "/dev/shm"  # heartbeats must not wait for a busy disk
graceful_timeout = _settings["GRACEFUL_TIMEOUT"]
timeout = 30  # seconds without a heartbeat before a worker is replaced
control_socket_disable = (
    True  # nothing here uses it, and its path is shared by all of a user's servers
)
keepalive = 75  # longer than the idle timeout of common proxies, so that they close first


def post_fork(server: Any, worker: Any) -> None:
    """Let psycopg2 wait for PostgreSQL without blocking the worker's other requests."""
    patch_psycopg()
