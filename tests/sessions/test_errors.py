"""The size of a 422: whatever is sent, its answer stays short."""

from time import thread_time
from typing import Any

import orjson
import pytest

from tests.factories import Learner, content, pointers
from tests.timing import tries

MANY = {f"field-{number}": 1 for number in range(20_000)}


@pytest.mark.parametrize(
    "body",
    [
        {**content(), **MANY},
        content(vocabulary_results=[MANY]),
        content(vocabulary_learned=[1] * 500, topics=[1] * 50),
        content(vocabulary_results=[{"a": 1}] * 500, skills=[{}] * 50),
    ],
)
def test_a_problem_names_100_errors_and_says_that_there_are_more(
    learner: Learner, body: dict[str, Any]
) -> None:
    for attempt in tries():
        with attempt.under(0.2, thread_time):
            refused = learner.post_raw(orjson.dumps(body))
    assert len(pointers(refused)) == 100
    detail = "(one of more than 100, the first of which are in `errors`)."
    assert refused.get_json()["detail"].endswith(detail)
    assert len(refused.data) < 20_000


def test_exactly_100_errors_are_no_more_than_100(learner: Learner) -> None:
    refused = learner.try_save(content(vocabulary_learned=[1] * 100))
    assert len(pointers(refused)) == 100
    assert refused.get_json()["detail"].endswith("(99 more in `errors`).")


def test_each_item_of_a_batch_names_10_errors(learner: Learner) -> None:
    items = [content(), {**content(), **MANY}, content(topics=[1])]
    answer = learner.request("POST", "/api/sessions/batch", json={"sessions": items})
    created, many, one = answer.get_json()["results"]
    assert created["status"] == "created"
    assert len(many["problem"]["errors"]) == 10
    assert "more than 10," in many["problem"]["detail"]
    assert len(one["problem"]["errors"]) == 1


@pytest.mark.parametrize("letter", ["x", "é", "\U0001f600", "/", "~", "\ud800", "\0", "a."])
def test_a_long_name_is_shortened(learner: Learner, letter: str) -> None:
    name = letter * (100_000 // len(orjson.dumps("\uffff")))
    bodies = (
        {name: 1, **content()},
        content(vocabulary_results=[{name: 1}]),
        {"sessions": [], name: 1},
    )
    for path, body in zip(("save", "save", "batch"), bodies, strict=True):
        refused = learner.request("POST", f"/api/sessions/{path}", json=body)
        assert pointers(refused)
        assert len(refused.data) < 3_000


def test_a_name_of_80_characters_is_repeated_whole(learner: Learner) -> None:
    assert pointers(learner.try_save(content(**{"x" * 80: 1}))) == [f"#/{'x' * 80}"]
    assert pointers(learner.try_save(content(**{"x" * 81: 1}))) == [f"#/{'x' * 79}%E2%80%A6"]


def test_a_long_name_in_the_query_is_shortened(learner: Learner) -> None:
    for query in (f"{'x' * 4_000}=1", f"{'x' * 2_000}=1&{'x' * 2_000}=1"):
        for path in ("history", "export", "achievements"):
            refused = learner.request("GET", f"/api/sessions/{path}?{query}")
            assert pointers(refused) == ["x" * 79 + "…"]


def test_many_parameters_name_100_errors(learner: Learner) -> None:
    query = "&".join(f"p{number}=1" for number in range(900))
    for path in ("history", "achievements"):
        assert len(pointers(learner.request("GET", f"/api/sessions/{path}?{query}"))) == 100
    twice = learner.request("GET", f"/api/sessions/history?{query}&{query}")
    assert len(pointers(twice)) == 100
