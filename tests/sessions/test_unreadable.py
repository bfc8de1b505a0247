"""Bodies that cannot be read or that are compressed, and the order in which a request is checked."""

import gzip
import zlib
from functools import partial
from random import Random

import pytest
from werkzeug.test import TestResponse

from tests.factories import Learner, content, pointers

SAVE = "/api/sessions/save"
START = b'{"session_type": "conversation", "duration_seconds": 300, '


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"not json",
        b"{'a': 1}",
        START + b'"fluency_score": NaN}',
        START + b'"fluency_score": Infinity}',
        START + b'"metadata": {"x": -Infinity}}',
        b"[" * 100_000,
        b'{"metadata":' * 20_000 + b"1" + b"}" * 20_000,
        '{"session_type": "é"}'.encode("latin-1"),
        '{"session_type": "conversation"}'.encode("utf-16"),
    ],
)
def test_what_is_not_json_is_400(learner: Learner, body: bytes) -> None:
    response = learner.post_raw(body)
    assert response.status_code == 400
    assert learner.count() == 0


@pytest.mark.parametrize(
    ("place", "member"),
    [
        ("fluency_score", b'"fluency_score": 1e999'),
        ("words_spoken", b'"words_spoken": ' + b"9" * 5_000),
        ("metadata", b'"metadata": {"x": ' + b"9" * 5_000 + b"}"),
        ("_schema", b'"_schema": 1'),
        ("", b'"": 1'),
        ("metadata", b'"metadata": {"x": 1e999}'),
        ("metadata", b'"metadata": {"x": 18446744073709551616}'),
        ("metadata", b'"metadata": {"x": -9223372036854775809}'),
        ("topics/0", rb'"topics": ["\ud800"]'),
        ("metadata", rb'"metadata": {"x": "\udfff"}'),
        ("metadata", rb'"metadata": {"\ud800": 1}'),
        ("session_type", rb'"session_type": "\ud800"'),
        ("timezone", rb'"timezone": "\ud800"'),
        ("%3F", rb'"\ud800": 1'),
        ("topics/0", rb'"topics": ["\u0000"]'),
    ],
)
def test_json_that_no_database_can_hold_is_422_at_its_place(
    learner: Learner, place: str, member: bytes
) -> None:
    assert pointers(learner.post_raw(START + member + b"}")) == [f"#/{place}"]
    assert learner.count() == 0


@pytest.mark.parametrize("content_type", [None, "text/plain", "application/x-www-form-urlencoded"])
def test_what_does_not_say_it_is_json_is_415(learner: Learner, content_type: str | None) -> None:
    assert learner.post_raw(b"{}", content_type).status_code == 415


@pytest.mark.parametrize(
    "content_type", ["application/json; charset=utf-8", "application/problem+json"]
)
def test_json_under_its_other_names_is_read(learner: Learner, content_type: str) -> None:
    assert learner.post_raw(b"{}", content_type).status_code == 422


def test_a_body_over_1_mib_is_413(learner: Learner) -> None:
    assert learner.post_raw(b" " * 3_000_000).status_code == 413
    assert learner.post_raw(START + b'"nonsense": "' + b"x" * 2**20 + b'"}').status_code == 413
    assert learner.post_raw(b"{}" + b" " * (2**20 - 2)).status_code == 422


@pytest.mark.parametrize("name", ["session_type", "x", "_schema", ""])
def test_a_save_takes_no_query_parameter(learner: Learner, name: str) -> None:
    response = learner.request("POST", f"{SAVE}?{name}=1", json=content())
    assert pointers(response) == [name]
    assert learner.count() == 0


def test_a_query_without_a_parameter_is_none(learner: Learner) -> None:
    assert learner.request("POST", f"{SAVE}?&", json=content()).status_code == 201
    assert learner.request("GET", "/api/sessions/history?&&").status_code == 200


def test_a_request_is_judged_in_the_documented_order(learner: Learner) -> None:
    worst = {"data": b"{" * 2_000_000, "headers": {"Authorization": "Bearer x"}}
    assert learner.request("POST", "/api/sessions/nothing?x=1", **worst).status_code == 404
    assert learner.request("PUT", f"{SAVE}?x=1", **worst).status_code == 405
    assert learner.request("POST", f"{SAVE}?x=1", **worst).status_code == 401
    assert learner.request("POST", f"{SAVE}?x=1", data=b"{" * 2_000_000).status_code == 413
    assert learner.request("POST", f"{SAVE}?x=1", data=b"{").status_code == 415
    json = {"Content-Type": "application/json"}
    assert learner.request("POST", f"{SAVE}?x=1", data=b"{", headers=json).status_code == 400
    assert learner.request("POST", f"{SAVE}?x=1", data=b"{}", headers=json).status_code == 422


def post_coded(
    learner: Learner, body: bytes, coding: str = "gzip", path: str = SAVE
) -> TestResponse:
    headers = {"Content-Type": "application/json", "Content-Encoding": coding}
    return learner.request("POST", path, data=body, headers=headers)


BODY = START.rstrip(b", ") + b"}"
# Without the time of day, which would be part of a test's name: workers of pytest must find the same names.
zipped = partial(gzip.compress, mtime=0)
ZIPPED = zipped(BODY)
BATCH = "/api/sessions/batch"


@pytest.mark.parametrize(
    ("body", "coding"),
    [
        (ZIPPED, "gzip"),
        (ZIPPED, " X-GZIP "),
        (zipped(BODY[:9]) + zipped(BODY[9:]), "gzip"),
        (BODY, "identity"),
        (b"\xef\xbb\xbf" + BODY, ""),
        (zipped(b"\xef\xbb\xbf" + BODY), "gzip"),
    ],
)
def test_a_body_may_be_gzip_and_begin_with_a_byte_order_mark(
    learner: Learner, body: bytes, coding: str
) -> None:
    assert post_coded(learner, body, coding).status_code == 201


@pytest.mark.parametrize(
    "body",
    [
        b"",
        BODY,
        ZIPPED[:5],
        ZIPPED[:-1],
        ZIPPED[:20] + b"x" + ZIPPED[21:],
        ZIPPED[:-8] + b"\0" * 8,  # another checksum
        ZIPPED + b"x",
        ZIPPED + b"\0",
        zlib.compress(BODY),
        zipped(b"{"),
        zipped(b"") * 101 + ZIPPED,
        b"\xef\xbb\xbf",
    ],
)
def test_a_body_that_is_not_whole_gzip_is_400(learner: Learner, body: bytes) -> None:
    answer = post_coded(learner, body)
    assert answer.status_code == 400, answer.text
    assert learner.count() == 0


@pytest.mark.parametrize("coding", ["br", "deflate", "zstd", "gzip, gzip", "gzip, br"])
def test_another_coding_is_415_and_says_which_is_taken(learner: Learner, coding: str) -> None:
    answer = post_coded(learner, ZIPPED, coding)
    assert (answer.status_code, answer.headers["Accept-Encoding"]) == (415, "gzip")
    assert answer.get_json()["type"] == "/problems/unknown-coding"


@pytest.mark.parametrize(("path", "limit"), [(SAVE, 2**20), (BATCH, 4 * 2**20)])
def test_the_limit_of_a_gzip_body_counts_what_it_holds(
    learner: Learner, path: str, limit: int
) -> None:
    for length, status in [(limit, 422), (limit + 1, 413), (20 * limit, 413)]:
        body = gzip.compress(b"{}" + b" " * (length - 2), 1)
        assert post_coded(learner, body, path=path).status_code == status
    random = Random(1).randbytes(limit)
    assert len(gzip.compress(random)) > limit
    assert post_coded(learner, gzip.compress(random), path=path).status_code == 400
    assert post_coded(learner, gzip.compress(random + b"x"), path=path).status_code == 413
