"""Nothing that was answered 2xx is ever lost, and nothing is there twice, whatever breaks meanwhile."""

from tests.soak import soak


def test_dropped_connections_killed_workers_and_a_restarted_database_lose_nothing() -> None:
    found = soak(15)
    assert found["sessions"] > 200
    assert found["retries"] > 20
    assert found["replays"] > 5
    assert found["workers_killed"] >= 2
    assert found["database_restarts"] >= 1
