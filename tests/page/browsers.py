"""A browser as the page knows it: a client with cookies of its own, and the headers of a navigation."""

from typing import Any

from flask import Flask
from werkzeug.test import Client, TestResponse

from tests.factories import Learner

NAVIGATION = {"Sec-Fetch-Dest": "document", "Sec-Fetch-Mode": "navigate"}
FRAME = {"Sec-Fetch-Dest": "iframe", "Sec-Fetch-Mode": "navigate"}


def link_of(learner: Learner) -> str:
    """The path of a new link to the learner's page."""
    response = learner.request("POST", "/api/sessions/page-links")
    assert response.status_code == 201, response.text
    return str(response.json["path"])


def follow(browser: Client, path: str, **headers: str) -> TestResponse:
    """Open an address as a person does."""
    return browser.get(path, headers={**NAVIGATION, **headers})


def opened(learner: Learner, app: Flask | None = None) -> Client:
    """A browser that shows the learner's page."""
    browser = (app or learner.app).test_client()
    response = follow(browser, link_of(learner))
    assert response.status_code == 303, response.text
    return browser


def cookie_of(response: TestResponse) -> dict[str, Any]:
    """The parts of the cookie that a response sets, in lower case; `value` is its value."""
    first, *rest = response.headers["Set-Cookie"].split("; ")
    parts = {part.partition("=")[0].lower(): part.partition("=")[2] for part in rest}
    return {"value": first.partition("=")[2], **parts}
