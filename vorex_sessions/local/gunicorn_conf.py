"""gunicorn's settings for `make run`: those of gunicorn.conf.py, and a stop if `make run` crashes."""

import os
import signal
import sys
from pathlib import Path
from runpy import run_path
from threading import Thread
from typing import Any

_base = run_path(str(Path(__file__).parent.parent.parent / "gunicorn.conf.py"))
globals().update(_base)


def when_ready(server: Any) -> None:
    """Watch standard input, which `make run` holds open while it runs."""
    _base["when_ready"](server)
    Thread(target=_stop_with_parent, daemon=True).start()


def _stop_with_parent() -> None:
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)
