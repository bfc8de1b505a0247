"""`python -m bench`: measures everything; `--quick` in under 5 minutes, on a smaller table and for less long.

Figures are printed as they come, and stored as JSON under `instance/bench`.
"""

import argparse
import json
import shutil
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench import compare, equal, shapes
from bench.databases import ROOT, Server
from bench.services import peer, service

SMALL, MAIN, LARGE = 100_000, 1_000_000, 10_000_000


def main() -> None:
    """Run the bench."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="100,000 sessions, short runs")
    parser.add_argument("--seconds", type=int, help="how long a run lasts")
    parser.add_argument("--times", type=int, help="how many pairs of runs")
    parser.add_argument(
        "--beside", type=Path, metavar="FOLDER", help="only: this checkout beside another one"
    )
    asked = parser.parse_args()
    if not shutil.which("wrk"):
        parser.error("wrk is missing: apt-get install wrk")
    quick = asked.quick
    seconds, times = asked.seconds or (2 if quick else 5), asked.times or (2 if quick else 3)
    began = time.monotonic()
    server = Server()
    try:
        with tempfile.TemporaryDirectory() as folder:
            found = (
                _beside(server, Path(folder), asked.beside.resolve(), seconds=seconds, times=times)
                if asked.beside
                else _measure(server, Path(folder), quick=quick, seconds=seconds, times=times)
            )
    finally:
        server.stop()
    found["took"] = f"{time.monotonic() - began:.0f} s"
    file = ROOT / "instance" / "bench" / f"results-{datetime.now(UTC):%Y%m%d-%H%M%S}.json"
    file.write_text(json.dumps(found, indent=1))
    print(f"{found['took']}; stored in {file.relative_to(ROOT)}")


def _measure(
    server: Server, folder: Path, *, quick: bool, seconds: int, times: int
) -> dict[str, Any]:
    size = SMALL if quick else MAIN
    today = datetime.now(UTC).date()
    address = server.database(size, today)
    length = {"seconds": seconds, "times": times}
    found: dict[str, Any] = {"sessions": size, **length}
    found |= _beside_the_peer(address, size, folder, (8, 32) if quick else (8, 1, 32), length)
    found |= _what_is_derived(address, size, folder, length)
    found["hello"] = compare.framework(folder, clients=8, seconds=seconds)
    found["pgbench"] = compare.postgres(address, size, folder, clients=8, seconds=seconds)
    if not quick:
        small, large = server.database(SMALL, today, anew=True), server.database(LARGE, today)
        with service(small) as one, service(large) as other:
            found["growth"] = shapes.growth(one, other, (SMALL, LARGE), folder, **length)
    return found


def _beside(
    server: Server, folder: Path, other: Path, *, seconds: int, times: int
) -> dict[str, Any]:
    """This checkout and another one, each with its own environment, on one database."""
    address = server.database(SMALL, datetime.now(UTC).date())
    with service(address) as here, service(address, root=other) as there:
        sides = {"here": here, "there": there}
        found = compare.checkouts(sides, SMALL, folder, seconds=seconds, times=times)
        for side, running in sides.items():
            size = sum(sorted(running.memory()[1:])[-2:]) / 2**20
            print(f"workers {side}: {size:.0f} MiB")
    return {"beside": str(other), **found}


def _beside_the_peer(
    address: str, size: int, folder: Path, clients: tuple[int, ...], length: dict[str, int]
) -> dict[str, Any]:
    """The service as it ships beside its peer; and by itself, where it is told from its own runs."""
    found: dict[str, Any] = {}
    seconds = length["seconds"]
    with service(address) as ours, peer(address) as theirs:
        sides = {compare.OURS: ours, compare.PEER: theirs}
        print(f"{equal.check(ours, theirs, size)} answers are the same on both sides")
        for count in clients:
            found[f"{count} clients"] = compare.endpoints(
                sides, size, folder, clients=count, recurring=True, **length
            )
        print("every token is new:")
        found["8 clients, new tokens"] = compare.endpoints(
            sides, size, folder, clients=8, recurring=False, **length
        )
        found["memory"] = compare.memory(sides)
        found["deep pages"] = shapes.deep_pages(ours, address, folder, seconds=seconds)
        found["all"] = shapes.everything(ours, size, folder, seconds=seconds)
        found["batches"] = shapes.batches(ours, size, folder, seconds=seconds)
        found["export"] = shapes.export(ours, address)
    return found


def _what_is_derived(
    address: str, size: int, folder: Path, length: dict[str, int]
) -> dict[str, Any]:
    """The service without what is derived beside its peer, which derives nothing; and what it costs."""
    found: dict[str, Any] = {}
    with service(address, app=compare.NOTHING_DERIVED) as without:
        print("nothing is derived on either side:")
        with peer(address) as theirs:
            sides = {compare.OURS: without, compare.PEER: theirs}
            found["the same work"] = compare.endpoints(
                sides, size, folder, clients=8, recurring=True, names=compare.MORE, **length
            )
        for name, app in (("growth's part", compare.GROWTH_ALONE), ("what is derived", "wsgi:app")):
            with service(address, app=app) as ours:
                found[name] = shapes.derived(ours, without, size, folder, **length)
    with service(address) as ours:
        found["full saves"] = shapes.full_saves(ours, size, folder, **length)
    return found


if __name__ == "__main__":
    main()
