"""A session that was answered with 2xx is neither lost nor stored twice, whatever fails meanwhile."""

from tests.soak import soak


def test_dropped_connections_killed_workers_and_a_restarted_database_lose_nothing() -> None:
    result = soak(15)
    assert result["sessions"] > 200
    assert result["retries"] > 20
    assert result["replays"] > 5
    assert result["workers_killed"] >= 2
    assert result["database_restarts"] >= 1
