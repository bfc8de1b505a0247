"""Run wrk against a server and measure the cost."""

import json
import re
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from bench.databases import FOLDER
from bench.services import Running, database_cpu

LUA = Path(__file__).with_name("load.lua")


@dataclass(frozen=True)
class Run:
    """The result of a run: requests/s, milliseconds, errors, microseconds of processor time a request."""

    per_second: float
    p50: float
    p99: float
    errors: int
    server_cpu: float
    database_cpu: float


def drive(running: Running, requests: Path, *, clients: int, seconds: int) -> Run:
    """Send the requests of a file with this many clients for this many seconds."""
    server, database = running.cpu(), database_cpu(FOLDER)
    command = ["wrk", f"-t{min(2, clients)}", f"-c{clients}", f"-d{seconds}s", "--timeout", "10s"]
    output = subprocess.run(
        [*command, "-s", str(LUA), running.address, "--", str(requests)],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    match = re.search(r"^RESULT (.*)$", output, re.MULTILINE)
    if not match:
        raise RuntimeError(f"wrk printed no result: {output}")
    result = json.loads(match[1])
    count = max(1, result["requests"])
    return Run(
        result["requests"] / result["seconds"],
        result["p50"],
        result["p99"],
        result["errors"],
        (running.cpu() - server) / count * 1e6,
        (database_cpu(FOLDER) - database) / count * 1e6,
    )


def middle(runs: list[Run]) -> Run:
    """Return the medians of several runs, and the sum of their errors."""
    values = {name: median(asdict(run)[name] for run in runs) for name in asdict(runs[0])}
    return Run(**{**values, "errors": sum(run.errors for run in runs)})


def pairs(
    sides: dict[str, Running], files: list[Path], *, clients: int, seconds: int
) -> dict[str, list[Run]]:
    """Run the sides in turn for each file (A B A B …), so that other load affects them alike."""
    runs: dict[str, list[Run]] = {name: [] for name in sides}
    for requests in files:
        for name, running in sides.items():
            runs[name].append(drive(running, requests, clients=clients, seconds=seconds))
    return runs


def ratio(ours: list[Run], theirs: list[Run], what: str = "per_second") -> float:
    """Return the median of the pairs' ratios."""
    return median(
        getattr(our_run, what) / getattr(their_run, what)
        for our_run, their_run in zip(ours, theirs, strict=True)
    )
