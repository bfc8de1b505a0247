"""`python -m bench` measures everything; `--quick` takes under 5 minutes, on a smaller table in shorter runs.

It prints the figures as they come, and stores them as JSON under `instance/bench`.
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
        "--beside", type=Path, metavar="FOLDER", help="only compare this checkout with another"
    )
    args = parser.parse_args()
    if not shutil.which("wrk"):
        parser.error("wrk is missing: apt-get install wrk")
    quick = args.quick
    seconds, times = args.seconds or (2 if quick else 5), args.times or (2 if quick else 3)
    began = time.monotonic()
    server = Server()
    try:
        with tempfile.TemporaryDirectory() as folder:
            results = (
                _compare_checkouts(
                    server, Path(folder), args.beside.resolve(), seconds=seconds, times=times
                )
                if args.beside
                else _measure(server, Path(folder), quick=quick, seconds=seconds, times=times)
            )
    finally:
        server.stop()
    results["took"] = f"{time.monotonic() - began:.0f} s"
    file = ROOT / "instance" / "bench" / f"results-{datetime.now(UTC):%Y%m%d-%H%M%S}.json"
    file.write_text(json.dumps(results, indent=1))
    print(f"{results['took']}; stored in {file.relative_to(ROOT)}")


def _measure(
    server: Server, folder: Path, *, quick: bool, seconds: int, times: int
) -> dict[str, Any]:
    size = SMALL if quick else MAIN
    today = datetime.now(UTC).date()
    address = server.database(size, today)
    length = {"seconds": seconds, "times": times}
    results: dict[str, Any] = {"sessions": size, **length}
    results |= _compare_with_peer(address, size, folder, (8, 32) if quick else (8, 1, 32), length)
    results |= _measure_projections(address, size, folder, length)
    results["hello"] = compare.framework(folder, clients=8, seconds=seconds)
    results["pgbench"] = compare.postgres(address, size, folder, clients=8, seconds=seconds)
    if not quick:
        small, large = server.database(SMALL, today, rebuild=True), server.database(LARGE, today)
        with service(small) as small_service, service(large) as large_service:
            results["growth"] = shapes.growth(
                small_service, large_service, (SMALL, LARGE), folder, **length
            )
    return results


def _compare_checkouts(
    server: Server, folder: Path, other_root: Path, *, seconds: int, times: int
) -> dict[str, Any]:
    """Compare this checkout with another, each with its own environment, on one database."""
    address = server.database(SMALL, datetime.now(UTC).date())
    with service(address) as this, service(address, root=other_root) as other:
        sides = {"here": this, "there": other}
        results = compare.checkouts(sides, SMALL, folder, seconds=seconds, times=times)
        for side, running in sides.items():
            size = sum(sorted(running.memory()[1:])[-2:]) / 2**20
            print(f"workers {side}: {size:.0f} MiB")
    return {"beside": str(other_root), **results}


def _compare_with_peer(
    address: str, size: int, folder: Path, clients: tuple[int, ...], length: dict[str, int]
) -> dict[str, Any]:
    """Compare the service as shipped with its peer; then measure what needs no peer."""
    results: dict[str, Any] = {}
    seconds = length["seconds"]
    with service(address) as ours, peer(address) as theirs:
        sides = {compare.OURS: ours, compare.PEER: theirs}
        print(f"{equal.check(ours, theirs, size)} answers are the same on both sides")
        for count in clients:
            results[f"{count} clients"] = compare.endpoints(
                sides, size, folder, clients=count, recurring=True, **length
            )
        print("every token is new:")
        results["8 clients, new tokens"] = compare.endpoints(
            sides, size, folder, clients=8, recurring=False, **length
        )
        results["memory"] = compare.memory(sides)
        results["deep pages"] = shapes.deep_pages(ours, address, folder, seconds=seconds)
        results["all"] = shapes.everything(ours, size, folder, seconds=seconds)
        results["batches"] = shapes.batches(ours, size, folder, seconds=seconds)
        results["export"] = shapes.export(ours, address)
    return results


def _measure_projections(
    address: str, size: int, folder: Path, length: dict[str, int]
) -> dict[str, Any]:
    """Compare the service without projections with its peer, which has none; then measure their cost."""
    results: dict[str, Any] = {}
    with service(address, app=compare.NOTHING_DERIVED) as without:
        print("without projections on either side:")
        with peer(address) as theirs:
            sides = {compare.OURS: without, compare.PEER: theirs}
            results["the same work"] = compare.endpoints(
                sides, size, folder, clients=8, recurring=True, names=compare.MORE, **length
            )
        for name, app in (("growth's part", compare.GROWTH_ALONE), ("what is derived", "wsgi:app")):
            with service(address, app=app) as ours:
                results[name] = shapes.derived(ours, without, size, folder, **length)
    with service(address) as ours:
        results["full saves"] = shapes.full_saves(ours, size, folder, **length)
    return results


if __name__ == "__main__":
    main()
