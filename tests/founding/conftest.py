"""The founding system of a test."""

from collections.abc import Iterator

import pytest

from tests.founding.founding_system import FoundingSystem, founding_system


@pytest.fixture
def old(worker_id: str) -> Iterator[FoundingSystem]:
    with founding_system(f"vorex_founding_{worker_id}") as system:
        yield system
