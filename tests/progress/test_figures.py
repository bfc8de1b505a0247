"""Means and sums, however the sessions are added up."""

from datetime import UTC, date, datetime

from hypothesis import example, given
from hypothesis import strategies as st

from vorex_sessions.progress.figures import Sums, Tally, mean, tally_of

DAY, INSTANT = date(2026, 3, 1), datetime(2026, 3, 1, tzinfo=UTC)
SCORES = st.none() | st.integers(0, 1000).map(lambda tenths: tenths / 10)


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=40))
@example([50, 55, 50])
@example([3, 2])  # 0.25, a half
def test_a_mean_does_not_depend_on_the_order_of_its_sum(tenths: list[int]) -> None:
    scores = [one / 10 for one in tenths]
    count = len(scores)
    expected = round(round(sum(scores) / count, 9), 1)
    assert mean(sum(scores), count) == mean(sum(reversed(scores)), count) == expected
    assert mean(sum(tenths) / 10, count) == expected


@given(st.lists(st.tuples(SCORES, SCORES, SCORES), max_size=4))
def test_the_sums_of_one_session_are_those_of_many(scores: list[tuple]) -> None:
    tallies = [tally_of(DAY, INSTANT, "roleplay", 60, 10, *each) for each in scores]
    whole, parts = Sums(tallies), [Sums([tally]) for tally in tallies]
    assert whole.sessions == sum(part.sessions for part in parts)
    assert (whole.duration, whole.words) == (60 * len(scores), 10 * len(scores))
    assert whole.counts == [sum(part.counts[place] for part in parts) for place in range(3)]
    assert whole.scores == [sum(part.scores[place] for part in parts) for place in range(3)]
    nothing = Tally(DAY, None, "roleplay", 0, 0, 0, None, 0, None, 0, None, 0)
    for tally, part in zip(tallies, parts, strict=True):
        assert part.means() == Sums([tally, nothing]).means()
