"""Several devices of a learner end with what the service has; no edit is overwritten unseen."""

from tests.devices import simulate


def test_four_devices_under_faults_end_equal_and_nothing_is_lost() -> None:
    counts = simulate(7, seed=1)
    for what in ("sessions", "edits", "conflicts", "killed", "no answer", "Stored"):
        assert counts[what] > 0, (what, counts)
