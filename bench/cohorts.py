"""`make bench-cohorts`: what the daily snapshot of comparisons costs, and what it costs others.

All learners of 1,000,000 sessions take part. The snapshot is taken three times: from nothing, of the same day
again, and with everything to publish beside saves by 8 clients, whose latency is compared with that before.
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
_EVERYBODY = """
TRUNCATE cohorts, cohort_standings, cohort_participants;
INSERT INTO cohort_participants (user_id, since) SELECT DISTINCT user_id, now() FROM session_results
"""
_UNPUBLISHED = "TRUNCATE cohorts"


class Refresh:
    """`flask cohorts refresh` under way."""

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

    def done(self) -> dict[str, Any]:
        """Wait for its end: seconds, the most memory it held, and what it said."""
        seen, most = psutil.Process(self._process.pid), 0
        while self._process.poll() is None:
            try:
                most = max(most, seen.memory_info().rss)
            except psutil.NoSuchProcess:
                break
            time.sleep(0.02)
        said = self._process.communicate()[0].strip()
        if self._process.returncode:
            raise RuntimeError(f"the snapshot failed: {said}")
        return {
            "seconds": round(time.monotonic() - self._began, 1),
            "database seconds": round(database_cpu(FOLDER) - self._database, 1),
            "MB": round(most / 1e6),
            "said": said,
        }


def main() -> None:
    """Run it."""
    server = Server()
    try:
        with tempfile.TemporaryDirectory() as folder:
            address = server.database(SIZE, datetime.now(UTC).date())
            _execute(address, _EVERYBODY)
            found: dict[str, Any] = {"first": Refresh(address).done()}
            found["again"] = Refresh(address).done()
            _execute(address, _UNPUBLISHED)
            with service(address) as ours:
                made = traffic.tokens(SIZE, recurring=True, newcomers=True)
                file = traffic.write(Path(folder), "save", made)
                drive(ours, file, clients=8, seconds=5)  # to warm up
                found["saves alone"] = _saves(ours, file)
                refresh = Refresh(address)
                found["saves beside"] = _saves(ours, file)
                found["beside saves"] = refresh.done()
    finally:
        server.stop()
    print(json.dumps(found, indent=1))


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
