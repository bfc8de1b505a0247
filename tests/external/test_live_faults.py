"""A short run under faults of every kind; `make live-faults SECONDS=300` is a long one."""

import pytest

from tests.live_faults import run

pytestmark = pytest.mark.external


def test_under_faults_every_live_session_ends_as_a_plain_simulation_says() -> None:
    result = run(20)
    assert result["heartbeats"] > result["lost"] > 0
    assert result["workers_killed"] + result["redis_restarts"] + result["database_restarts"] > 3
    assert sum(result["ends"].values()) > 10
