"""gunicorn's settings with a probe in each worker: how long it computes before it looks at other requests.

It counts processor time of its thread, so that other processes of the machine have no part in it.
"""

import os
import runpy
import time
from pathlib import Path
from typing import Any

import gevent

_CONFIGURATION = runpy.run_path(str(Path(__file__).parent.parent / "gunicorn.conf.py"))
globals().update(_CONFIGURATION)

WORTH_NOTING = 0.01  # seconds


def _probe(log: Path) -> None:
    while True:
        began = time.thread_time()
        gevent.sleep(0.001)
        lag = time.thread_time() - began
        if lag > WORTH_NOTING:
            with log.open("a") as file:
                file.write(f"{lag}\n")


def post_worker_init(worker: Any) -> None:
    """Do what the service does, then start the probe."""
    _CONFIGURATION["post_worker_init"](worker)
    gevent.spawn(_probe, Path(os.environ["LAG_LOG"]))
