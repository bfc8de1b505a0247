"""gunicorn's settings for `make run`: the usual ones, and an end when `make run` itself has crashed."""

import os
import signal
import sys
from pathlib import Path
from runpy import run_path
from typing import Any

from gevent import monkey

_usual = run_path(str(Path(__file__).parent.parent / "gunicorn.conf.py"))
globals().update(_usual)


def when_ready(server: Any) -> None:
    """Follow the standard input, which `make run` holds open as long as it lives."""
    _usual["when_ready"](server)
    # A thread of the system's: a greenlet that waits for input would stop the master.
    monkey.get_original("_thread", "start_new_thread")(_end_with_parent, ())


def _end_with_parent() -> None:
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)
