"""Which bodies are given up where there is no room, and what their clients hear."""

from dataclasses import dataclass

import gevent
import pytest

from server.body_limits import MOST_HELD, BodyLimits, Busy


@dataclass(eq=False)
class Arriving:
    """A body of which more is to come."""

    taken: int
    is_complete: bool = False
    is_hung_up_on: bool = False

    def hang_up(self) -> None:
        self.is_hung_up_on = True


def test_a_body_that_waits_for_room_and_is_given_up_hears_that_the_service_is_busy() -> None:
    limits, given_up = BodyLimits(), []
    limits.on_give_up = lambda: given_up.append(1)
    large, waiting = Arriving(MOST_HELD), Arriving(50_000)
    limits.grow(large, large.taken)
    growing = gevent.spawn(limits.grow, waiting, waiting.taken)
    gevent.sleep(0.05)  # it now waits
    limits.hang_up_stalled()
    with pytest.raises(Busy):
        growing.get(timeout=2)
    assert given_up == [1]
    assert not waiting.is_hung_up_on
