"""The figures to reach, printed beside what a run measured."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bench import traffic
from bench.compare import READS

_ALL_READS = (*READS, "warm-up")


@dataclass(frozen=True)
class Aim:
    """A figure of some endpoints: where it stands in the results, and what it should be."""

    what: str
    places: tuple[tuple[str, ...], ...]  # the first one that has the endpoint counts
    endpoints: tuple[str, ...]
    figure: str  # its name there; empty: the endpoint's own
    limit: float
    at_most: bool = False

    def measured(self, results: dict[str, Any]) -> Iterator[tuple[str, float]]:
        """Yield each endpoint with its figure, where it was measured."""
        for endpoint in self.endpoints:
            for place in self.places:
                found: Any = results
                for name in (*place, endpoint, *filter(None, [self.figure])):
                    found = found.get(name, {})
                if found:
                    yield endpoint, found
                    break


AIMS = (
    Aim(
        *("requests/s against the equipped peer, 8 clients", (("equipped", "8 clients"),)),
        *(_ALL_READS, "ratio", 1.3),
    ),
    Aim(
        *("saves/s against the peer that derives the same", (("deriving", "the same work"),)),
        *(("save",), "ratio", 1.0),
    ),
    Aim(
        "requests/s against the bare peer, 8 clients",
        (("bare", "the same work"), ("bare", "8 clients")),  # of the warm-up, the same work
        *(_ALL_READS, "ratio", 0.85),
    ),
    Aim(
        *("p99 against the equipped peer, 32 clients", (("equipped", "32 clients"),)),
        *(_ALL_READS, "ratio p99", 1.0, True),
    ),
    Aim(
        *("p50 at 10 million sessions against 100,000", (("growth",),)),
        *(tuple(traffic.ENDPOINTS), "", 1.15, True),
    ),
)


def compared(results: dict[str, Any]) -> list[dict[str, Any]]:
    """Print each figure that has an aim, beside it; return them."""
    rows = []
    for aim in AIMS:
        for endpoint, figure in aim.measured(results):
            is_reached = figure <= aim.limit if aim.at_most else figure >= aim.limit
            sign = "at most" if aim.at_most else "at least"
            print(
                f"{aim.what:48} {endpoint:12} {figure:.2f} x   {sign} {aim.limit:.2f}: "
                f"{'reached' if is_reached else 'missed'}"
            )
            row = {"what": aim.what, "endpoint": endpoint, "figure": figure, "limit": aim.limit}
            rows.append(row | {"reached": is_reached})
    return rows
