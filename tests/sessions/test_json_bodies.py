"""Long bodies are parsed in parts, and mean what they would mean in one piece."""

import json
from time import thread_time
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.timing import tries
from vorex_sessions.problems.kinds import Unreadable
from vorex_sessions.web import json_bodies

SPACE = "\n" + " " * 300_000  # makes any body a long one

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=30,
)
pieces = st.sampled_from([*'{}[],:" 019e.-\\tn', "null", "true", "NaN", '"a"', "\ud800"])


def whole(text: str) -> Any:
    """What the standard library makes of it in one piece; Unreadable where it is not JSON."""

    def refuse(name: str) -> None:
        raise ValueError(name)

    try:
        return json.loads(text, parse_constant=refuse)
    except (ValueError, RecursionError):
        return Unreadable


def long(text: str) -> Any:
    try:
        return json_bodies.parse((text + SPACE).encode())
    except Unreadable:
        return Unreadable


@given(values, st.sampled_from([None, 0, 2]))
def test_a_long_body_means_what_it_says(value: Any, indent: int | None) -> None:
    text = json.dumps(value, indent=indent)
    assert long(text) == whole(text) == value


@given(values, st.integers(0, 200), st.integers(0, 3), pieces)
@example([1, 2], 2, 1, "]")
@example([1], 2, 0, ",")
@example({"a": 1}, 1, 0, ",")
@example({"a": 1}, 7, 0, ",")
@example({"a": 1}, 4, 1, "=")
@example([[1]], 5, 0, "]")
@example({"a": {"b": [1]}}, 0, 200, "")
def test_a_long_body_that_is_not_json_is_refused_wherever_it_goes_wrong(
    value: Any, place: int, removed: int, piece: str
) -> None:
    text = json.dumps(value)
    text = text[:place] + piece + text[place + removed :]
    if "\ud800" not in text:  # no bytes stand for it
        assert long(text) == whole(text)


@pytest.mark.parametrize("depth", [2, 100_000])
def test_nesting_without_end_is_unreadable(depth: int) -> None:
    nested = "[" * depth + "]" * depth
    assert long(nested) == (Unreadable if depth > 2 else [[]])


def test_numbers_keep_their_value_in_bodies_of_any_length() -> None:
    for text in ("12345678901234567890123", "1" * 4000, "1e999", "-0.1"):
        short = json_bodies.parse(f"[{text}]".encode())
        assert long(f"[{text}]") == short
    assert json_bodies.parse(b"[12345678901234567890123]") == [12345678901234567890123]


@pytest.mark.parametrize("item", ["1", "[]", "[{}]", '{"a":[1]}', '{"a":"\\ud800"}', "1e999"])
@pytest.mark.parametrize("count", [1_600, 10_000])
def test_a_long_body_of_many_small_parts_means_what_it_says(item: str, count: int) -> None:
    text = f"[{','.join([item] * count)}]"
    assert long(text) == whole(text)
    assert long(text[:-1]) == long(text + ",") == Unreadable


def test_no_long_body_costs_many_times_what_its_length_does() -> None:
    text = f"[{','.join(['1'] * 299_000)}]"
    for attempt in tries():
        began = thread_time()
        json.loads(text)
        at_once = thread_time() - began
        with attempt.under(10 * at_once, thread_time):
            long(text)
