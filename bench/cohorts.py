"""`make bench-cohorts`: measure the cost of the daily snapshot of comparisons, and its effect on saves.

All learners of 1,000,000 sessions take part. The snapshot is taken three times: from nothing, again for the
same day, and with all cohorts to publish during saves by 8 clients. The latency of saves is compared with
that before.
"""

import json
import subprocess
import tempfile
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
import psycopg2

from bench import traffic
from bench.databases import BIN, FOLDER, ROOT, Server, environment
from bench.measure import drive
from bench.services import database_cpu, service

SIZE = 1_000_000
_JOIN_ALL = """
TRUNCATE cohorts, cohort_standings, cohort_participants;
INSERT INTO cohort_participants (user_id, since) SELECT DISTINCT user_id, now() FROM session_results
"""
_UNPUBLISH = "TRUNCATE cohorts"


class Refresh:
    """A running `flask cohorts refresh`."""

    def __init__(self, address: str) -> None:
        self._began = time.monotonic()
        self._database = database_cpu(FOLDER)
        self._process = subprocess.Popen(
            [BIN / "flask", "cohorts", "refresh"],
            cwd=ROOT,
            env=environment(address),
            stdout=subprocess.PIPE,
            text=True,
        )

    def wait(self) -> dict[str, Any]:
        """Wait for its end; return its seconds, its peak memory and its output."""
        process, peak = psutil.Process(self._process.pid), 0
        while self._process.poll() is None:
            try:
                peak = max(peak, process.memory_info().rss)
            except psutil.NoSuchProcess:
                break
            time.sleep(0.02)
        output = self._process.communicate()[0].strip()
        if self._process.returncode:
            raise RuntimeError(f"the snapshot failed: {output}")
        return {
            "seconds": round(time.monotonic() - self._began, 1),
            "database seconds": round(database_cpu(FOLDER) - self._database, 1),
            "MB": round(peak / 1e6),
            "said": output,
        }


def main() -> None:
    """Run the bench."""
    server = Server()
    try:
        with tempfile.TemporaryDirectory() as folder:
            address = server.database(SIZE, datetime.now(UTC).date())
            _execute(address, _JOIN_ALL)
            results: dict[str, Any] = {"first": Refresh(address).wait()}
            results["again"] = Refresh(address).wait()
            _execute(address, _UNPUBLISH)
            with service(address) as ours:
                access_tokens = traffic.tokens(SIZE, recurring=True, newcomers=True)
                file = traffic.write(Path(folder), "save", access_tokens)
                drive(ours, file, clients=8, seconds=5)  # to warm up
                results["saves alone"] = _saves(ours, file)
                refresh = Refresh(address)
                results["saves beside"] = _saves(ours, file)
                results["beside saves"] = refresh.wait()
    finally:
        server.stop()
    print(json.dumps(results, indent=1))


def _saves(ours: Any, file: Path) -> dict[str, float]:
    run = drive(ours, file, clients=8, seconds=10)
    return {"per second": run.per_second, "p50": run.p50, "p99": run.p99, "errors": run.errors}


def _execute(address: str, statements: str) -> None:
    with (
        closing(psycopg2.connect(address)) as connection,
        connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(statements)


if __name__ == "__main__":
    main()
