"""Answers are compressed for clients that ask, where it pays."""

import gzip
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests.factories import Learner, content, token

HISTORY = "/api/sessions/history"
EXPORT = "/api/sessions/export"
SCRIPTS = ["/docs/assets/swagger-ui-bundle.js", "/redoc/assets/js/redoc.standalone.js"]
ASSETS = ["/docs/assets/swagger-ui.css", "/redoc/assets/images/redoc.svg", *SCRIPTS]


@pytest.fixture
def learner(learner: Learner) -> Learner:
    """A learner with 20 sessions."""
    sessions = [content(topics=["travel"], words_spoken=number) for number in range(20)]
    learner.request("POST", "/api/sessions/batch", json={"sessions": sessions})
    return learner


def ask(learner: Learner, path: str, accepted: str | None, **options: Any) -> TestResponse:
    headers = {"Authorization": f"Bearer {token(learner.id)}", **options.pop("headers", {})}
    if accepted is not None:
        headers["Accept-Encoding"] = accepted
    return learner.client.open(path, headers=headers, **options)


@pytest.mark.parametrize(
    ("accepted", "compressed"),
    [
        (None, False),
        ("", False),
        ("identity", False),
        ("br, zstd", False),
        ("gzip;q=0", False),
        ("gzip;q=0, *", False),
        ("*;q=0", False),
        ("gzip;q=0.5, identity", False),
        ("gzip", True),
        ("GZIP", True),
        ("br, gzip;q=0.1", True),
        ("gzip, deflate, br, zstd", True),
        ("*", True),
        ("identity;q=0.5, gzip;q=1.0", True),
    ],
)
def test_an_answer_is_compressed_if_the_client_prefers_it(
    learner: Learner, accepted: str | None, compressed: bool
) -> None:
    plain = ask(learner, HISTORY, None)
    answer = ask(learner, HISTORY, accepted)
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert ("Content-Encoding" in answer.headers) == compressed
    body = gzip.decompress(answer.data) if compressed else answer.data
    assert body == plain.data
    assert int(answer.headers["Content-Length"]) == len(answer.data)
    if compressed:
        assert answer.headers["Content-Encoding"] == "gzip"
        assert len(answer.data) < len(plain.data) / 4


@pytest.mark.parametrize("path", [f"{HISTORY}?limit=1", "/healthz", "/metrics", "/"])
def test_what_is_short_stays_as_it_is(learner: Learner, path: str) -> None:
    answer = ask(learner, path, "gzip")
    assert "Content-Encoding" not in answer.headers


def test_a_long_problem_is_compressed_too(learner: Learner) -> None:
    query = "&".join(f"x{number}=1" for number in range(50))
    answer = ask(learner, f"{HISTORY}?{query}", "gzip")
    assert answer.status_code == 422
    assert b"x49" in gzip.decompress(answer.data)


@pytest.mark.parametrize("file_format", ["json", "csv", "ndjson"])
def test_a_download_is_compressed(learner: Learner, file_format: str) -> None:
    path = f"{EXPORT}?format={file_format}"
    answer = ask(learner, path, "gzip")
    assert answer.is_streamed
    assert (answer.headers["Content-Encoding"], answer.headers["Vary"]) == (
        "gzip",
        "Accept-Encoding",
    )
    whole = gzip.decompress(answer.data)
    if file_format != "json":  # which says when it was exported
        assert whole == ask(learner, path, None).data
    with pytest.raises(EOFError):
        gzip.decompress(answer.data[:-1])


@pytest.mark.parametrize("path", ["/docs", "/docs/live", "/redoc", "/openapi.json", *ASSETS])
def test_the_docs_and_their_assets_are_compressed(learner: Learner, path: str) -> None:
    plain, answer = ask(learner, path, None), ask(learner, path, "gzip")
    assert (answer.headers["Content-Encoding"], answer.headers["Vary"]) == (
        "gzip",
        "Accept-Encoding",
    )
    assert gzip.decompress(answer.data) == plain.data
    assert "Content-Encoding" not in plain.headers
    assert plain.headers["Vary"] == "Accept-Encoding"
    assert answer.content_type == plain.content_type


@pytest.mark.parametrize("path", ASSETS)
def test_each_form_of_an_asset_has_its_own_etag(learner: Learner, path: str) -> None:
    tags = [ask(learner, path, accepted).headers["ETag"] for accepted in (None, "gzip")]
    assert tags[0] != tags[1]
    again = ask(learner, path, "gzip", headers={"If-None-Match": tags[1]})
    assert (again.status_code, again.data) == (304, b"")
    assert ask(learner, path, "gzip", headers={"If-None-Match": tags[0]}).status_code == 200


@pytest.mark.parametrize("path", [HISTORY, "/docs", SCRIPTS[0]])
def test_head_has_the_headers_of_get(learner: Learner, path: str) -> None:
    get, head = (ask(learner, path, "gzip", method=method) for method in ("GET", "HEAD"))
    names = ("Content-Encoding", "Content-Length", "Content-Type", "Vary")
    assert [head.headers[name] for name in names] == [get.headers[name] for name in names]
    assert head.data == b""


@pytest.mark.parametrize(
    "path", ["nothing.js", "../flask_swagger_ui.py", "..%2f__init__.py", "a%00.js", ""]
)
def test_there_are_no_other_assets(app: Flask, path: str) -> None:
    assert app.test_client().get(f"/docs/assets/{path}").status_code == 404
