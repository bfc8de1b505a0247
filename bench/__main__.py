"""`python -m bench` measures everything; `--quick` takes 9 minutes, on a smaller table in shorter runs.

It prints the figures as they come, at the end those that have an aim beside it, and stores all as JSON under
`instance/bench`. `--only` runs some parts (parts.py).
"""

import argparse
import json
import shutil
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench import aims, compare
from bench.databases import ROOT, Server
from bench.parts import MAIN, PARTS, SMALL, Bench
from bench.services import service


def main() -> None:
    """Run the bench."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="100,000 sessions, short runs")
    parser.add_argument("--seconds", type=int, help="how long a run lasts")
    parser.add_argument("--times", type=int, help="how many pairs of runs")
    parser.add_argument("--only", nargs="+", choices=PARTS, metavar="PART", help=", ".join(PARTS))
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
                else _measure(
                    server, Path(folder), args.only, quick=quick, seconds=seconds, times=times
                )
            )
    finally:
        server.stop()
    results["took"] = f"{time.monotonic() - began:.0f} s"
    file = ROOT / "instance" / "bench" / f"results-{datetime.now(UTC):%Y%m%d-%H%M%S}.json"
    file.write_text(json.dumps(results, indent=1))
    print(f"{results['took']}; stored in {file.relative_to(ROOT)}")


def _measure(
    server: Server,
    folder: Path,
    only: list[str] | None,
    *,
    quick: bool,
    seconds: int,
    times: int,
) -> dict[str, Any]:
    size = SMALL if quick else MAIN
    address = server.database(size, datetime.now(UTC).date())
    bench = Bench(server, address, size, folder, quick, seconds, times)
    results: dict[str, Any] = {"sessions": size, **bench.length}
    for name, part in PARTS.items():
        if name in only if only else not (quick and name == "growth"):
            print(f"-- {name}", flush=True)
            results[name] = part(bench)
    results["aims"] = aims.compared(results)
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


if __name__ == "__main__":
    main()
