"""gunicorn's settings for `make run`: the usual ones, and an end when `make run` itself has crashed."""

import os
import signal
import sys
from pathlib import Path
from runpy import run_path
from threading import Thread
from typing import Any

_usual = run_path(str(Path(__file__).parent.parent.parent / "gunicorn.conf.py"))
globals().update(_usual)


def when_ready(server: Any) -> None:
    """Follow the standard input, which `make run` holds open as long as it lives."""
    _usual["when_ready"](server)
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)
