"""One run of wrk against a server, and what it cost."""

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
    """What a run showed: requests/s, milliseconds, errors, microseconds of processor time a request."""

    per_second: float
    p50: float
    p99: float
    errors: int
    server_cpu: float
    database_cpu: float


def drive(running: Running, requests: Path, *, clients: int, seconds: int) -> Run:
    """Send the requests of a file from so many clients for so long."""
    server, database = running.cpu(), database_cpu(FOLDER)
    command = ["wrk", f"-t{min(2, clients)}", f"-c{clients}", f"-d{seconds}s", "--timeout", "10s"]
    said = subprocess.run(
        [*command, "-s", str(LUA), running.address, "--", str(requests)],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    found = re.search(r"^RESULT (.*)$", said, re.MULTILINE)
    if not found:
        raise RuntimeError(f"wrk said nothing of use: {said}")
    result = json.loads(found[1])
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
    """The medians of several runs; the errors of all."""
    values = {name: median(asdict(run)[name] for run in runs) for name in asdict(runs[0])}
    return Run(**{**values, "errors": sum(run.errors for run in runs)})


def pairs(
    sides: dict[str, Running], files: list[Path], *, clients: int, seconds: int
) -> dict[str, list[Run]]:
    """A pair of runs for each file, in turn (A B A B …): what the machine does meets all sides alike."""
    runs: dict[str, list[Run]] = {name: [] for name in sides}
    for requests in files:
        for name, running in sides.items():
            runs[name].append(drive(running, requests, clients=clients, seconds=seconds))
    return runs


def ratio(ours: list[Run], theirs: list[Run], what: str = "per_second") -> float:
    """The median of the pairs' ratios."""
    return median(
        getattr(one, what) / getattr(other, what) for one, other in zip(ours, theirs, strict=True)
    )
