"""Several devices of a learner end with what the service has; no edit is overwritten unseen."""

import pytest

from tests.devices import simulate


@pytest.mark.parametrize("seed", [1, 2])
def test_four_devices_under_faults_end_equal_and_nothing_is_lost(seed: int) -> None:
    counts = simulate(7, seed)
    for what in ("sessions", "edits", "conflicts", "killed", "no answer", "Stored"):
        assert counts[what] > 0, (what, counts)
