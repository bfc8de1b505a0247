"""The catalogue of achievements, and which session unlocks them."""

from dataclasses import fields
from datetime import timedelta
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.growth.practices import FIRST, Practice, on, scattered
from vorex_sessions.growth.catalogue import BY_KEY, CATALOGUE, TIERS
from vorex_sessions.growth.totals import Totals, in_order, seconds_by_day
from vorex_sessions.growth.unlocking import Unlock, accumulate, shown
from vorex_sessions.growth.words import all_words
from vorex_sessions.models import learner_totals

few = scattered.map(lambda sessions: sessions[:20])


def unlocked(*sessions: Practice) -> list[str]:
    return [unlock.achievement for unlock in accumulate(sessions, 60)[1]]


def after(early: list[Practice], together: list[Practice]) -> tuple[Totals, list[Unlock]]:
    """The totals of all sessions and what `together` unlock, after `early`."""
    totals, _ = accumulate(early, 60)
    words = all_words(early)
    days = seconds_by_day(early)
    return accumulate(together, 60, before=totals, known_words=words, days=days)


def test_the_catalogue_is_sound() -> None:
    assert len(BY_KEY) == len(CATALOGUE) >= 25
    assert len({achievement.title for achievement in CATALOGUE}) == len(CATALOGUE)
    for achievement in CATALOGUE:
        assert achievement.tier in TIERS
        assert getattr(Totals(), achievement.measure) < achievement.threshold
        assert achievement.description.endswith(".")


def test_totals_have_the_columns_of_their_table() -> None:
    marks = {"user_id", "counted", "derived_version"}
    columns = [column.name for column in learner_totals.c if column.name not in marks]
    assert sorted(field.name for field in fields(Totals)) == sorted(columns)


def test_what_is_reached_is_unlocked_by_the_session_that_reaches_it() -> None:
    sessions = on(*range(7))
    by_session: dict[str, list[str]] = {}
    for achievement, _, session in accumulate(sessions, 60)[1]:
        by_session.setdefault(session, []).append(achievement)
    assert by_session == {
        sessions[0].session_result_id: ["first_session", "first_conversation"],
        sessions[2].session_result_id: ["streak_3"],
        sessions[6].session_result_id: ["streak_7"],
    }


def test_each_measure_unlocks_its_achievements() -> None:
    day = FIRST
    assert "all_types" in unlocked(
        Practice(day),
        Practice(day, session_type="roleplay"),
        Practice(day, session_type="pronunciation"),
    )
    assert "minutes_60" in unlocked(Practice(day, 3600))
    assert "minutes_60" not in unlocked(Practice(day, 3599))
    assert "spoken_1000" in unlocked(Practice(day, words_spoken=1000))
    words = [f"word {number}" for number in range(25)]
    twice = Practice(day, vocabulary_learned=words[:24])
    assert "words_25" not in unlocked(twice, twice)
    assert "words_25" in unlocked(twice, Practice(day, vocabulary_learned=words[20:]))
    assert "score_100" in unlocked(Practice(day, fluency_score=100.0))
    assert "score_100" not in unlocked(Practice(day, fluency_score=99.99))
    assert {"pronunciation_90", "score_80"} <= set(unlocked(Practice(day, pronunciation_score=90)))
    assert "comeback_7" in unlocked(*on(0, 8))
    assert "comeback_7" not in unlocked(*on(0, 7))


def test_a_late_session_that_mends_a_streak_brings_the_unlock_itself() -> None:
    early = on(0, 2)
    late = on(1)
    assert after(early, late)[1] == [("streak_3", late[0].completed_at, late[0].session_result_id)]


def test_what_sessions_reach_together_goes_to_the_one_that_reaches_it() -> None:
    early = [Practice(FIRST + timedelta(days=5), 1800)]
    first_hour, second = on(1, seconds=1800)[0], on(15, seconds=1)[0]
    _, reached = after(early, [second, first_hour])
    assert ("minutes_60", first_hour.session_result_id) in [
        (achievement, session) for achievement, _, session in reached
    ]
    assert "minutes_60" not in [
        key for key, _, session in reached if session != first_hour.session_result_id
    ]


@settings(deadline=None, max_examples=60)  # each counts all sessions forty times
@given(few, few, st.randoms(use_true_random=False))
def test_sessions_together_are_as_one_by_one_in_the_order_of_their_days(
    early: list[Practice], together: list[Practice], random: Random
) -> None:
    """Also those of days before the last one, whatever had been saved."""
    stored, unlocked = list(early), []
    for session in in_order(together):
        totals, new = after(stored, [session])
        stored.append(session)
        have = {unlock.achievement for unlock in unlocked}
        unlocked += [unlock for unlock in new if unlock.achievement not in have]
        assert totals == accumulate(stored, 60)[0]
    random.shuffle(together)
    totals, reached = after(early, together)
    assert reached == unlocked
    assert totals == accumulate(stored, 60)[0]


def test_progress_is_one_only_where_it_is_unlocked() -> None:
    totals = Totals(words_spoken=99_999_999_999)
    totals.sessions = 499
    five_hundred = shown(BY_KEY["sessions_500"], totals, None)
    assert (five_hundred["progress"], five_hundred["value"]) == (0.998, 499)
    assert shown(BY_KEY["sessions_500"], Totals(sessions=71), None)["progress"] == 0.142
    assert shown(BY_KEY["streak_3"], Totals(longest_streak=2), None)["progress"] == 0.6667
    almost = Totals(best_fluency=99.99999)
    assert shown(BY_KEY["score_100"], almost, None)["progress"] == 0.9999
    assert (
        shown(
            BY_KEY["sessions_500"],
            Totals(),
            {"unlocked_at": on(0)[0].completed_at, "session_result_id": "x"},
        )["progress"]
        == 1.0
    )
