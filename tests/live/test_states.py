"""The state follows from the last heartbeat and the time alone."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vorex_sessions.live import heartbeats, states

BEAT = datetime(2026, 3, 1, 12, tzinfo=UTC)
TICK = timedelta(microseconds=1)
EDGES = [
    (timedelta(0), "active"),
    (timedelta(minutes=2) - TICK, "active"),
    (timedelta(minutes=2), "idle"),
    (timedelta(minutes=30) - TICK, "idle"),
    (timedelta(minutes=30), "abandoned"),
    (timedelta(hours=24) - TICK, "abandoned"),
    (timedelta(hours=24), "gone"),
]


@pytest.mark.parametrize(("since", "state"), EDGES)
def test_a_state_changes_at_its_edge(since: timedelta, state: str) -> None:
    assert states.state_of(BEAT, BEAT + since) == state


def test_a_clock_that_runs_behind_another_servers_changes_nothing() -> None:
    assert states.state_of(BEAT, BEAT - timedelta(seconds=3)) == "active"


@given(st.timedeltas(timedelta(0), timedelta(hours=24) - TICK))
def test_a_state_lasts_until_the_next_change(since: timedelta) -> None:
    now = BEAT + since
    change = states.next_change(BEAT, now)
    assert change > now
    assert states.state_of(BEAT, change - TICK) == states.state_of(BEAT, now)
    assert states.state_of(BEAT, change) != states.state_of(BEAT, now)
    assert not change.microsecond


def at(seconds: float) -> datetime:
    return BEAT + timedelta(seconds=seconds)


def sent(seq: int, active_seconds: int, started_at: datetime = BEAT) -> dict[str, object]:
    return {"seq": seq, "active_seconds": active_seconds, "started_at": started_at}


def test_more_active_seconds_than_have_passed_are_cut_off() -> None:
    live = heartbeats.merged(None, sent(1, 5000), at(60.5))
    assert live is not None
    assert live["active_seconds"] == 60 + heartbeats.TOLERANCE
    later = heartbeats.merged(live, sent(2, 65), at(80))
    assert later is not None
    assert later["active_seconds"] == 65


def test_a_start_ahead_of_the_server_is_the_moment_of_the_first_heartbeat() -> None:
    live = heartbeats.merged(None, sent(1, 5, at(200)), at(0))
    assert live is not None
    assert live["started_at"] == at(0)
    later = heartbeats.merged(live, sent(2, 300, at(200)), at(300))
    assert later is not None
    assert (later["started_at"], later["active_seconds"]) == (at(0), 300)


def test_the_last_heartbeat_never_moves_back() -> None:
    live = heartbeats.merged(None, sent(1, 0), at(60))
    later = heartbeats.merged(live, sent(2, 0), at(58))  # by another server, whose clock is behind
    assert later is not None
    assert later["heartbeat_at"] == at(60)


@given(st.permutations(range(8)), st.lists(st.integers(0, 7), max_size=8))
def test_repeated_and_late_heartbeats_change_nothing(order: list[int], again: list[int]) -> None:
    live, newest = None, -1
    for place, seq in enumerate([*order, *again]):
        merged = heartbeats.merged(live, sent(seq, seq * 20), at(200 + place))
        assert (merged is None) == (seq <= newest)
        live, newest = merged or live, max(newest, seq)
    assert live is not None
    assert (live["seq"], live["active_seconds"]) == (7, 140)
