"""`python -m bench.events`: what a save costs that writes events for a destination, beside one without.

Two services of one database, one with an endpoint that nobody serves. One client sends a save to each in
turn, of learners who have saved before, so that a pair shares whatever else the machine does. Nothing is
delivered meanwhile.
"""

from contextlib import ExitStack
from statistics import mean, median

from bench.databases import FOLDER, Server
from bench.saves import LEARNERS, Side
from bench.services import database_cpu, service

_ENDPOINT = {
    "WEBHOOK_URL": "http://localhost:1/",
    "WEBHOOK_SECRETS": "whsec_" + "A" * 44,
}
_ROUNDS, _SAVES = 12, 200  # of each side
_NAME = "bench_events"


def spend(side: Side, saves: int) -> float:
    """Save; return the processor time of a save, of server and PostgreSQL together."""
    before = side.running.cpu() + database_cpu(FOLDER)
    for number in range(saves):
        side.save(number)
    return (side.running.cpu() + database_cpu(FOLDER) - before) / saves


def measure(without: Side, with_events: Side) -> None:
    """Send pairs, then rounds for the processor time, and print the ratios."""
    sides = (without, with_events)
    for number in range(3 * LEARNERS):  # all have saved; plans and pages are there
        for side in sides:
            side.save(number)
    for side in sides:
        side.taken.clear()
    for number in range(_ROUNDS * _SAVES):
        for side in sides if number % 2 else reversed(sides):
            side.save(number)
    pairs = list(zip(with_events.taken, without.taken, strict=True))
    print(
        f"{len(pairs)} pairs: median {median(with_events.taken) * 1e3:.2f} ms beside "
        f"{median(without.taken) * 1e3:.2f}, {median(with_events.taken) / median(without.taken):.3f} x; "
        f"mean {mean(with_events.taken) / mean(without.taken):.3f} x; "
        f"median of the pairs {median(one / other for one, other in pairs):.3f} x"
    )
    spent: dict[Side, list[float]] = {side: [] for side in sides}
    for number in range(_ROUNDS):
        for side in sides if number % 2 else reversed(sides):
            spent[side].append(spend(side, _SAVES))
    telling, plain = spent[with_events], spent[without]
    ratios = [one / other for one, other in zip(telling, plain, strict=True)]
    print(
        f"processor time: {median(telling) * 1e3:.2f} ms beside {median(plain) * 1e3:.2f}, "
        f"median of the pairs {median(ratios):.3f} x"
    )


def main() -> None:
    """Start the database and both services, and measure."""
    server = Server()
    try:
        address = server.empty(_NAME)
        with ExitStack() as stack:
            plain = stack.enter_context(service(address))
            telling = stack.enter_context(service(address, **_ENDPOINT))
            measure(Side(plain, 1), Side(telling, 2))
    finally:
        server.stop()


if __name__ == "__main__":
    main()
