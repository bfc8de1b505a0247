"""The list of how many requests each fault has cost, at the end of the run."""

from collections.abc import Callable, Iterator

import pytest
from device import Device, close_all

_figures: list[str] = []


@pytest.fixture(autouse=True)
def _no_open_connections() -> Iterator[None]:
    yield
    close_all()


@pytest.fixture
def requests(request: pytest.FixtureRequest) -> Callable[[Device, int], None]:
    """Check and record how many requests a device has sent."""

    def check(device: Device, most: int) -> None:
        _figures.append(f"requests: {device.requests:<4} {request.node.name}")
        assert device.requests <= most

    return check


@pytest.fixture
def figures() -> Iterator[list[str]]:
    """Return a list for other figures."""
    more: list[str] = []
    yield more
    _figures.extend(more)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for line in _figures:
        terminalreporter.write_line(line)
