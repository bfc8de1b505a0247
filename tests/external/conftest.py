"""The order of the external tests, so that all workers of pytest end at the same time."""

from pathlib import Path

import pytest

HERE = Path(__file__).parent
LONGEST = ["test_postgresql_15.py", "test_generators.py"]  # first
IN_PIECES = "test_fuzz.py"  # last: its tests share nothing, so they fill the time that is left


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give each file to one worker, since its tests share servers, but not the last file."""
    ours = [item for item in items if item.path.parent == HERE]
    for item in ours:
        if item.path.name != IN_PIECES:
            item.add_marker(pytest.mark.xdist_group(item.path.name))
    others = [item for item in items if item.path.parent != HERE]
    items[:] = others + sorted(ours, key=place)


def place(item: pytest.Item) -> int:
    """Where a test stands among the others; those of the same place keep their order."""
    name = item.path.name
    if name == IN_PIECES:
        return len(LONGEST) + 1
    return LONGEST.index(name) if name in LONGEST else len(LONGEST)
