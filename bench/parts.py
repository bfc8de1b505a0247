"""The parts of the bench: each compares or measures one thing, and can be run alone (`--only`)."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench import compare, equal, shapes
from bench.databases import Server
from bench.services import (
    BARE,
    DERIVING,
    EQUIPPED,
    GROWTH_ALONE,
    NOTHING_DERIVED,
    SHIPPED,
    TOTALS_ALONE,
    Running,
    peer,
    service,
)

SMALL, MAIN, LARGE = 100_000, 1_000_000, 10_000_000


@dataclass(frozen=True)
class Bench:
    """What the parts run on: the database, its sessions, a folder for files, and how long runs last."""

    server: Server
    address: str
    sessions: int
    folder: Path
    quick: bool
    seconds: int
    times: int

    @property
    def length(self) -> dict[str, int]:
        """How long a run lasts, and how many pairs there are."""
        return {"seconds": self.seconds, "times": self.times}

    def endpoints(
        self, sides: dict[str, Running], clients: int, *, recurring: bool = True, **names: Any
    ) -> dict[str, Any]:
        """Compare endpoints (compare.py)."""
        return compare.endpoints(
            sides,
            self.sessions,
            self.folder,
            clients=clients,
            recurring=recurring,
            **names,
            **self.length,
        )


def equipped(bench: Bench) -> dict[str, Any]:
    """Compare with the peer as its users deploy it; saves and warm-ups with nothing derived."""
    results: dict[str, Any] = {"8 clients": {}, "32 clients": {}}
    with peer(bench.address, EQUIPPED) as theirs:
        equal.check_equipment(theirs, random.Random())
        for app, names in ((SHIPPED, compare.READS), (NOTHING_DERIVED, compare.MORE)):
            with service(bench.address, app=app) as ours:
                _check(ours, theirs, bench)
                sides = {compare.OURS: ours, compare.PEER: theirs}
                for clients in (8, 32):
                    figures = bench.endpoints(sides, clients, names=names)
                    results[f"{clients} clients"] |= figures
                if app == SHIPPED:
                    results["memory"] = compare.memory(sides)
    return results


def deriving(bench: Bench) -> dict[str, Any]:
    """Compare saves with a peer that keeps totals, streak and words: the same work, then more of ours."""
    results: dict[str, Any] = {}
    with peer(bench.address, DERIVING) as theirs:
        for what, app in (
            ("the same work", TOTALS_ALONE),
            ("and achievements", GROWTH_ALONE),
            ("everything on", SHIPPED),
        ):
            with service(bench.address, app=app) as ours:
                _check(ours, theirs, bench)
                same = equal.check_derived(ours, theirs, bench.address, random.Random())
                print(f"{same} derived answers are the same; {what}:")
                results[what] = compare.regular_saves(
                    {compare.OURS: ours, compare.PEER: theirs},
                    bench.sessions,
                    bench.folder,
                    **bench.length,
                )
    return results


def bare(bench: Bench) -> dict[str, Any]:
    """Compare the service as shipped with a peer that has nothing else on; then with the same work."""
    results: dict[str, Any] = {}
    with peer(bench.address, BARE) as theirs:
        with service(bench.address) as ours:
            sides = {compare.OURS: ours, compare.PEER: theirs}
            _check(ours, theirs, bench)
            for clients in (8,) if bench.quick else (8, 1, 32):
                results[f"{clients} clients"] = bench.endpoints(sides, clients)
            print("every token is new:")
            results["8 clients, new tokens"] = bench.endpoints(sides, 8, recurring=False)
            results["memory"] = compare.memory(sides)
        print("without projections on either side:")
        with service(bench.address, app=NOTHING_DERIVED) as without:
            sides = {compare.OURS: without, compare.PEER: theirs}
            _check(without, theirs, bench)
            results["the same work"] = bench.endpoints(sides, 8, names=compare.MORE)
    return results


def alone(bench: Bench) -> dict[str, Any]:
    """Measure what needs no peer: deep pages, `all`, batches, exports."""
    at, seconds = (bench.sessions, bench.folder), bench.seconds
    with service(bench.address) as ours:
        return {
            "deep pages": shapes.deep_pages(ours, bench.address, bench.folder, seconds=seconds),
            "all": shapes.everything(ours, *at, seconds=seconds),
            "batches": shapes.batches(ours, *at, seconds=seconds),
            "export": shapes.export(ours, bench.address),
        }


def projections(bench: Bench) -> dict[str, Any]:
    """Measure what projections cost a save."""
    at = (bench.sessions, bench.folder)
    results: dict[str, Any] = {}
    with service(bench.address, app=NOTHING_DERIVED) as without:
        for name, app in (("growth's part", GROWTH_ALONE), ("what is derived", SHIPPED)):
            with service(bench.address, app=app) as ours:
                results[name] = shapes.derived(ours, without, *at, **bench.length)
    with service(bench.address) as ours:
        results["full saves"] = shapes.full_saves(ours, *at, **bench.length)
    return results


def ceilings(bench: Bench) -> dict[str, Any]:
    """Measure the framework alone, and PostgreSQL alone."""
    at, seconds = bench.folder, bench.seconds
    return {
        "hello": compare.framework(at, clients=8, seconds=seconds),
        "pgbench": compare.postgres(bench.address, bench.sessions, at, clients=8, seconds=seconds),
    }


def growth(bench: Bench) -> dict[str, Any]:
    """Compare 10 million sessions with 100,000."""
    today = datetime.now(UTC).date()
    small = bench.server.database(SMALL, today, rebuild=True)
    large = bench.server.database(LARGE, today)
    with service(small) as small_service, service(large) as large_service:
        return shapes.growth(
            small_service, large_service, (SMALL, LARGE), bench.folder, **bench.length
        )


def _check(ours: Running, theirs: Running, bench: Bench) -> None:
    print(f"{equal.check(ours, theirs, bench.sessions)} answers are the same on both sides")


# In the order of their runs. Growth is not part of a quick run unless it is asked for.
PARTS: dict[str, Callable[[Bench], dict[str, Any]]] = {
    part.__name__: part for part in (bare, equipped, alone, deriving, projections, ceilings, growth)
}
