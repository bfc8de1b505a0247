"""How many Python functions a request calls: what it costs the interpreter, whatever the machine.

Four fifths of a worker's time is the interpreter's (docs/performance.md). Where a limit is exceeded, ask
whether every request needs what is new; if so, raise it.
"""

import sys
from typing import Any
from uuid import uuid4

import orjson
import pytest
from flask import Flask
from werkzeug.test import EnvironBuilder

from tests.factories import Learner, content, token
from tests.privacy.test_export import fill

LIMITS = {"/warmup": 680, "/stats?period=week": 530, "/history?limit=20": 475, "/save": 915}


def calls(app: Flask, environ: dict[str, Any]) -> int:
    """How many functions written in Python run while a request is answered."""
    count = 0

    def on_event(frame: object, event: str, argument: object) -> None:
        nonlocal count
        count += event == "call"

    statuses: list[str] = []
    sys.setprofile(on_event)
    try:
        answer = app(environ, lambda status, headers, error=None: statuses.append(status))
        body = b"".join(answer)
    finally:
        sys.setprofile(None)
    assert statuses in (["200 OK"], ["201 CREATED"]), body
    return count


@pytest.mark.parametrize("path", LIMITS)
def test_a_request_calls_no_more_functions_than_it_did(
    app: Flask, learner: Learner, path: str
) -> None:
    fill(learner, 30)
    bearer = {"Authorization": f"Bearer {token(learner.id)}"}

    def environ() -> dict[str, Any]:
        address = f"/api/sessions{path}"
        if path == "/save":
            body = orjson.dumps(content(session_result_id=str(uuid4())))
            kind = "application/json"
            return EnvironBuilder(
                address, method="POST", data=body, content_type=kind, headers=bearer
            ).get_environ()
        return EnvironBuilder(address, headers=bearer).get_environ()

    assert min(calls(app, environ()) for _ in range(5)) <= LIMITS[path]
