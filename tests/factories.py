"""Test data: contents of sessions, access tokens, and a learner who calls the API."""

import itertools
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import jwt
import orjson
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.contract import check_contract
from vorex_sessions.sessions.schemas import SaveSchema

SECRET = "a-secret-of-the-tests-that-is-long-enough-for-HS256"


def content(**overrides: Any) -> dict[str, Any]:
    """Return the smallest content that can be saved, with overrides."""
    return {"session_type": "conversation", "duration_seconds": 300, **overrides}


def token(sub: str | None = None, *, secret: str = SECRET, **claims: Any) -> str:
    """Return a learner's access token, without the claims that are None."""
    now = datetime.now(UTC)
    payload = {
        "sub": sub or str(uuid4()),
        "aud": "authenticated",
        "role": "authenticated",
        "iat": now,
        "exp": now + timedelta(hours=1),
        **claims,
    }
    payload = {name: value for name, value in payload.items() if value is not None}
    return jwt.encode(payload, secret, algorithm="HS256")


def stored(answer: dict[str, Any]) -> dict[str, Any]:
    """Return the session result of a save's answer, without the extras."""
    extras = ("achievements_unlocked", "streak")
    return {name: value for name, value in answer.items() if name not in extras}


def sendable(session: dict[str, Any]) -> dict[str, Any]:
    """Return the members of a session result, as the service answered it, that a save takes."""
    return {name: session[name] for name in SaveSchema().fields if name in session}


class AddressedClient(FlaskClient):
    """A client with an address of its own: all tests together make more requests a minute than one may."""

    _numbers = itertools.count(1)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        number = next(self._numbers)
        self.environ_base["REMOTE_ADDR"] = f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"


class Learner:
    """A client with a learner's token. It checks every answer against the documented schema."""

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
        check_contract(self.app, method, path, response)
        return response

    def get(self, path: str, **query: Any) -> Any:
        """Return the body of a GET under /api/sessions, which must succeed."""
        response = self.request("GET", f"/api/sessions{path}", query_string=query)
        assert response.status_code == 200, response.text
        return orjson.loads(response.data)

    def save(self, **overrides: Any) -> dict[str, Any]:
        """Save a session, which must succeed; return the stored session result."""
        return stored(self.save_answer(**overrides))

    def save_answer(self, **overrides: Any) -> dict[str, Any]:
        """Save a session, which must succeed; return the answer with its extras."""
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
    """Return the pointers or parameters in the errors of a 422."""
    assert response.status_code == 422, response.text
    problem = orjson.loads(response.data)
    return [error.get("pointer") or error["parameter"] for error in problem["errors"]]
