"""What becomes of a row of the founding system."""

import json
import math
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vorex_sessions.founding.conversion import (
    Converted,
    FoundingRow,
    LeftOut,
    Rules,
    convert,
    key_of,
)
from vorex_sessions.periods import stamp
from vorex_sessions.sessions.schemas import SaveSchema

NOW = datetime(2026, 1, 1, tzinfo=UTC)
RULES = Rules({}, zero_is_unmeasured=False, stored_in="UTC", learner_zone="UTC")
GOOD = FoundingRow(
    id="3F0C9F6E-7A41-4C54-9F0B-2F6D5F3F7F10",
    user_id="9b2f4f0e-52b0-4b1c-8b54-0d6c2a1e6a11",
    session_type="conversation",
    duration_seconds=300,
    words_spoken=120,
    pronunciation_score=85.5,
    fluency_score=0.0,
    grammar_score=None,
    topics=["travel"],
    vocabulary_learned=["reservation"],
    areas_to_improve=["past tense"],
    metadata='{"scenario_id": "hotel"}',
    created_at=datetime(2025, 3, 1, 23, 30, tzinfo=UTC).replace(
        tzinfo=None
    ),  # as its column has it
    has_time=True,
)


def converted(rules: Rules = RULES, **changes: Any) -> Converted:
    return convert(GOOD._replace(**changes), rules, NOW)


def mended(name: str, **changes: Any) -> tuple[Any, str]:
    """The value of a field, and the one reason."""
    result = converted(**changes)
    (reason,) = result.mended
    return result.content[name], reason


def left_out(**changes: Any) -> str:
    with pytest.raises(LeftOut) as reason:
        converted(**changes)
    return str(reason.value)


def test_a_good_row_is_kept_as_it_is() -> None:
    assert converted() == Converted(
        {
            "session_type": "conversation",
            "duration_seconds": 300,
            "words_spoken": 120,
            "pronunciation_score": 85.5,
            "fluency_score": 0.0,
            "grammar_score": None,
            "topics": ["travel"],
            "vocabulary_learned": ["reservation"],
            "areas_to_improve": ["past tense"],
            "metadata": {"scenario_id": "hotel"},
            "completed_at": datetime(2025, 3, 1, 23, 30, tzinfo=UTC),
            "timezone": "UTC",
        },
        frozenset(),
    )
    assert key_of(GOOD) == (GOOD.user_id, "3f0c9f6e-7a41-4c54-9f0b-2f6d5f3f7f10")


@pytest.mark.parametrize("value", [None, "", "42", "{9b2f4f0e-52b0-4b1c-8b54-0d6c2a1e6a11}"])
def test_ids_must_be_uuids(value: str | None) -> None:
    for name in ("user_id", "id"):
        with pytest.raises(LeftOut, match=f"its {name} is not a UUID"):
            key_of(GOOD._replace(**{name: value}))


def test_an_unknown_type_is_left_out_unless_it_is_mapped() -> None:
    assert left_out(session_type="chat") == (
        "its session_type 'chat' is unknown; map it: --map-type chat=…"
    )
    assert len(left_out(session_type="x" * 500)) < 200
    assert left_out(session_type=None) == "its session_type is missing"
    rules = Rules({"chat": "roleplay"}, False, "UTC", "UTC")
    assert converted(rules, session_type="chat").content["session_type"] == "roleplay"


@pytest.mark.parametrize("value", [-1, 86_401, 2**31 - 1])
def test_a_duration_out_of_range_is_left_out(value: int) -> None:
    assert left_out(duration_seconds=value) == "its duration_seconds is negative or over a day"
    assert left_out(duration_seconds=None) == "its duration_seconds is missing"
    assert converted(duration_seconds=0).content["duration_seconds"] == 0
    assert converted(duration_seconds=86_400).mended == frozenset()


def test_a_session_without_a_time_is_left_out() -> None:
    assert left_out(created_at=None, has_time=False).startswith("it has no created_at")
    early, late = datetime(1999, 12, 31, 23, tzinfo=UTC), NOW + timedelta(days=1)
    for outside in (None, early.replace(tzinfo=None), late.replace(tzinfo=None)):
        assert left_out(created_at=outside) == "its created_at is before 2000 or in the future"


def test_times_are_those_of_the_zone_in_which_they_were_stored() -> None:
    rules = Rules({}, False, "Europe/Berlin", "Asia/Tokyo")
    content = converted(rules).content
    assert stamp(content["completed_at"]) == "2025-03-01T22:30:00.000000Z"
    assert content["timezone"] == "Asia/Tokyo"
    aware = datetime(2025, 3, 1, 12, tzinfo=UTC)  # of a column with a zone
    assert converted(rules, created_at=aware).content["completed_at"] == aware


@pytest.mark.parametrize("value", [-0.1, 100.1, math.nan, math.inf, -math.inf])
def test_a_score_out_of_range_counts_as_not_measured(value: float) -> None:
    score, reason = mended("grammar_score", grammar_score=value)
    assert score is None
    assert reason == "grammar_score was not from 0 to 100, and counts as not measured"


def test_zeros_can_count_as_not_measured() -> None:
    rules = Rules({}, True, "UTC", "UTC")
    result = converted(rules)
    assert (result.content["fluency_score"], result.content["pronunciation_score"]) == (None, 85.5)
    assert result.mended == {"fluency_score was 0, and counts as not measured"}
    assert str(converted(grammar_score=-0.0).content["grammar_score"]) == "0.0"


@pytest.mark.parametrize("value", [None, -1, 100_001])
def test_words_out_of_range_are_zero(value: int | None) -> None:
    words, reason = mended("words_spoken", words_spoken=value)
    assert words == 0
    assert reason == "words_spoken was missing, negative or over 100,000, and is 0"


def test_lists_are_tidied_as_a_save_tidies_them_and_nothing_is_said() -> None:
    result = converted(
        topics=["  Air   travel ", "AIR TRAVEL", "", " "], vocabulary_learned=["essen", "Essen"]
    )
    assert result.content["topics"] == ["Air travel"]
    assert result.content["vocabulary_learned"] == ["essen", "Essen"]
    assert not result.mended


@pytest.mark.parametrize("name", ["topics", "vocabulary_learned", "areas_to_improve"])
def test_what_a_list_may_not_hold_is_dropped(name: str) -> None:
    length = 100 if name == "vocabulary_learned" else 200
    most = 500 if name == "vocabulary_learned" else 50
    assert mended(name, **{name: None}) == ([], f"{name} was no list, and is empty")
    assert mended(name, **{name: {"a": 1}})[0] == []
    kept, reason = mended(name, **{name: ["a", None, 7, ["b"], "c"]})
    assert (kept, reason) == (
        ["a", "c"],
        f"{name} had entries that are no texts; they are dropped",
    )
    for bad in ("x" * (length + 1), "x" + "\u0301" * 40, "a\x00b"):
        kept, reason = mended(name, **{name: [bad, "x" * length]})
        assert kept == ["x" * length]
        assert reason.startswith(f"{name} had entries that no save may have, say longer than")
    kept, reason = mended(name, **{name: [str(number) for number in range(most + 5)]})
    assert kept == [str(number) for number in range(most)]
    assert reason == f"{name} had more than {most} entries; the first ones are kept"


def test_metadata_that_is_no_object_is_kept_under_a_member() -> None:
    for value in ([1, 2], 7, True, "free text", "[1]"):
        kept, reason = mended("metadata", metadata=json.dumps(value))
        assert kept == {"value": value}
        assert reason == "metadata was no JSON object, and is kept under its member `value`"
    for nothing in (None, "null"):
        assert converted(metadata=nothing).content["metadata"] == {}
        assert not converted(metadata=nothing).mended
    twice = json.dumps(json.dumps({"a": 1}))
    kept, reason = mended("metadata", metadata=twice)
    assert kept == {"a": 1}
    assert reason == "metadata was a text that holds a JSON object, which is kept"


@pytest.mark.parametrize(
    "value",
    [
        json.dumps({"a": "x" * 16_384}),
        '{"a": ' * 9 + "1" + "}" * 9,
        '{"a": ' + "[" * 100_000 + "]" * 100_000 + "}",
        '{"a": 9223372036854775809}',
        '{"a": 1' + "0" * 400 + "}",
        '{"a": 1' + "0" * 5000 + "}",
        '{"a": "\\u0000"}',
        "no JSON",
        json.dumps({str(number): 1e300 for number in range(100)}),  # 30 kB in PostgreSQL
    ],
    ids=range(9),
)
def test_metadata_that_breaks_a_rule_is_dropped_and_the_session_kept(value: str) -> None:
    kept, reason = mended("metadata", metadata=value)
    assert kept == {}
    assert reason == "metadata was too large, too deep or unreadable, and is dropped"


_texts = st.none() | st.lists(st.none() | st.text(max_size=120), max_size=60)
_scores = st.none() | st.floats()


@given(
    st.builds(
        GOOD._replace,
        words_spoken=st.none() | st.integers(-(2**31), 2**31),
        pronunciation_score=_scores,
        fluency_score=_scores,
        topics=_texts,
        vocabulary_learned=_texts,
        areas_to_improve=_texts,
        metadata=st.none()
        | st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        ).map(json.dumps),
    )
)
def test_whatever_comes_out_would_pass_a_save_as_it_is(row: FoundingRow) -> None:
    content = convert(row, RULES, NOW).content
    sent = {**content, "completed_at": stamp(content["completed_at"])}
    loaded = SaveSchema().load(sent)
    assert loaded == {name: value for name, value in content.items() if value is not None}
