"""JSON that PostgreSQL writes is the JSON that the service writes, to the type of each number."""

import json
import math
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.factories import Learner, content
from vorex_sessions.database import run
from vorex_sessions.database.documents import as_documents

SCORES = (0.0, 80.0, 100.0, 82.5, 100 / 3, 1e-07, None)
TEXTS = ('"quoted" \\ and / é 日本 \u2028 \U0001f600 \x7f',)


def typed(value: Any) -> Any:
    """A value in which 80 is not 80.0."""
    if isinstance(value, dict):
        return {name: typed(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [typed(inner) for inner in value]
    return type(value), value


@pytest.mark.parametrize("score", SCORES)
def test_a_session_is_the_same_wherever_it_is_shown(learner: Learner, score: float | None) -> None:
    saved = learner.save(
        **content(
            pronunciation_score=score,
            topics=list(TEXTS),
            vocabulary_results=[{"word": "available", "outcome": "again"}],
            skills=[{"skill": "rhythm", "score": 10}],
            metadata={"whole": 1, "point": 1.0, "small": 1e-9, "texts": list(TEXTS)},
            completed_at="2026-02-20T10:00:00Z",
        )
    )
    one = learner.get(f"/{saved['session_result_id']}")
    shown = [
        learner.get("/history")["sessions"][0],
        learner.get("/changes")["changes"][0]["session"],
        learner.get("/export")["sessions"][0],
    ]
    assert [typed(session) for session in shown] == [typed(one)] * 3
    assert list(shown[0]) == list(one)
    assert {name: typed(saved[name]) for name in one} == typed(one)


@pytest.mark.parametrize("value", [1e14, 1e15, 1e300, -2.0, 0.1 + 0.2, 5e-324])
def test_every_number_with_a_point_keeps_it(in_app: Flask, value: float) -> None:
    rows = sa.select(sa.cast(sa.bindparam("value", value), sa.Double).label("value"))
    (row,) = run(as_documents(rows))
    written = typed(json.loads(row.document))
    assert written == {"value": (float, value)}


@pytest.mark.parametrize(("value", "written"), [(math.inf, "Infinity"), (math.nan, "NaN")])
def test_what_json_has_no_number_for_does_not_break_a_download(
    in_app: Flask, value: float, written: str
) -> None:
    rows = sa.select(sa.cast(sa.bindparam("value", value), sa.Double).label("value"))
    (row,) = run(as_documents(rows))
    assert json.loads(row.document) == {"value": written}


def test_a_large_float_of_metadata_has_all_its_digits_in_pages_and_can_be_sent_back(
    learner: Learner,
) -> None:
    saved = learner.request("POST", "/api/sessions/save", json=content(metadata={"large": 1e20}))
    assert b'{"large":1e+20}' in saved.data
    for path in ("/history", "/changes"):
        page = learner.request("GET", f"/api/sessions{path}")
        assert b'{"large": 100000000000000000000}' in page.data
    (listed,) = json.loads(learner.request("GET", "/api/sessions/history").data)["sessions"]
    assert learner.save(metadata=listed["metadata"])["metadata"] == {"large": 1e20}
