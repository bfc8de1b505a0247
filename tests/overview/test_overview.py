"""Several answers in one request: GET /api/sessions/overview."""

from collections.abc import Iterable
from typing import Any

import orjson
from flask import Flask

from tests.factories import Learner
from vorex_sessions.hooks.registry import registry
from vorex_sessions.web.openapi_overview import MOST_PARTS


def names(app: Flask) -> list[str]:
    with app.app_context():
        return list(registry().answers)


def get(learner: Learner, include: Iterable[str], **parameters: Any) -> dict[str, Any]:
    return learner.get("/overview", include=",".join(include), **parameters)


def raw(learner: Learner, path: str, **query: Any) -> bytes:
    response = learner.request("GET", f"/api/sessions/{path}", query_string=query)
    assert response.status_code == 200, response.text
    return response.data


def refuse_difference(learner: Learner) -> None:
    """Fail unless the overview has each answer byte for byte."""
    every = names(learner.app)
    for start in range(0, len(every), MOST_PARTS):
        parts = every[start : start + MOST_PARTS]
        whole = raw(learner, "overview", include=",".join(parts))
        alone = [orjson.dumps(name) + b":" + raw(learner, name) for name in parts]
        assert whole == b"{" + b",".join(alone) + b"}"


def test_a_learner_without_sessions_has_an_overview(learner: Learner) -> None:
    refuse_difference(learner)
    learner.save(topics=["travel"])
    refuse_difference(learner)
