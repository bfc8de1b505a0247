"""What tests are made of: content of sessions, tokens, and a learner who calls the API."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import jwt
import orjson
from flask import Flask
from werkzeug.test import TestResponse

from tests.contract import hold_to_contract

SECRET = "a-secret-of-the-tests-that-is-long-enough-for-HS256"


def content(**overrides: Any) -> dict[str, Any]:
    """The least that can be saved, and what the test is about."""
    return {"session_type": "conversation", "duration_seconds": 300, **overrides}


def token(sub: str | None = None, *, secret: str = SECRET, **claims: Any) -> str:
    """A learner's access token; a claim of None is left out."""
    now = datetime.now(UTC)
    said = {
        "sub": sub or str(uuid4()),
        "aud": "authenticated",
        "role": "authenticated",
        "iat": now,
        "exp": now + timedelta(hours=1),
        **claims,
    }
    said = {name: value for name, value in said.items() if value is not None}
    return jwt.encode(said, secret, algorithm="HS256")


def stored(answer: dict[str, Any]) -> dict[str, Any]:
    """The session result of the answer to a save, without what it says beside it."""
    beside = ("achievements_unlocked", "streak")
    return {name: value for name, value in answer.items() if name not in beside}


class Learner:
    """Somebody with a token. Every answer is held to the documented schema."""

    def __init__(self, app: Flask, user_id: str | None = None) -> None:
        self.app = app
        self.id = user_id or str(uuid4())
        self.client = app.test_client()

    def request(self, method: str, path: str, **options: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {token(self.id)}", **options.pop("headers", {})}
        if "json" in options:
            options["data"] = json.dumps(options.pop("json"))
            headers.setdefault("Content-Type", "application/json")
        response = self.client.open(path, method=method, headers=headers, **options)
        hold_to_contract(self.app, method, path, response)
        return response

    def get(self, path: str, **query: Any) -> Any:
        """The answer to a GET under /api/sessions that must succeed."""
        response = self.request("GET", f"/api/sessions{path}", query_string=query)
        assert response.status_code == 200, response.text
        return orjson.loads(response.data)

    def save(self, **overrides: Any) -> dict[str, Any]:
        """The stored result of a save that must succeed."""
        return stored(self.told(**overrides))

    def told(self, **overrides: Any) -> dict[str, Any]:
        """The whole answer to a save that must succeed."""
        response = self.try_save(content(**overrides))
        assert response.status_code == 201, response.text
        return orjson.loads(response.data)

    def try_save(self, body: Any, **headers: str) -> TestResponse:
        return self.request("POST", "/api/sessions/save", json=body, headers=headers)

    def post_raw(self, data: bytes, content_type: str | None = "application/json") -> TestResponse:
        headers = {"Content-Type": content_type} if content_type else {}
        return self.request("POST", "/api/sessions/save", data=data, headers=headers)

    def count(self) -> int:
        return self.get("/history")["total"]


def pointers(response: TestResponse) -> list[str]:
    """Where the values stand that a 422 complains about."""
    assert response.status_code == 422, response.text
    problem = orjson.loads(response.data)
    return [error.get("pointer") or error["parameter"] for error in problem["errors"]]
