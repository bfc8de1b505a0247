"""Metadata: what is answered and exported can be sent back, and nothing grows on the way."""

import math
import random
import re
import struct
from time import thread_time
from typing import Any
from uuid import uuid4

import orjson
import pytest
from flask import Flask

from tests.factories import Learner, content, pointers
from tests.timing import tries

START = b'{"session_type": "conversation", "duration_seconds": 300, "metadata": {"x": '
LARGEST = 16 * 1024


def exported(learner: Learner) -> list[bytes]:
    """The sessions of an export, as they are written."""
    response = learner.request("GET", "/api/sessions/export?format=ndjson")
    return response.data.splitlines()


def test_a_number_without_its_exponent_counts_as_it_is_written(learner: Learner) -> None:
    for number, digits in ((1e308, 309), (1e20, 21), (2.5e-300, 303)):
        fit = (LARGEST - len('{"x":[]}') + 1) // (digits + 1)
        assert learner.save(metadata={"x": [number] * fit})["metadata"] == {"x": [number] * fit}
        refused = learner.try_save(content(metadata={"x": [number] * (fit + 1)}))
        assert pointers(refused) == ["#/metadata"]
        assert "16 KiB" in refused.get_json()["detail"]
    assert max(map(len, exported(learner))) < 20_000


def as_floats(metadata: dict[str, Any]) -> list[float]:
    """The numbers, as a client reads them that has no other kind of number."""
    return [float(number) for number in metadata["x"]]


def test_what_is_answered_or_exported_can_be_sent_back(learner: Learner) -> None:
    chance = random.Random(1)
    anything = (struct.unpack("d", chance.randbytes(8))[0] for _ in range(60))
    numbers = [number for number in anything if math.isfinite(number)]
    numbers += [1e308, 1.7976931348623157e308, 5e-324, 9.3e18, 1.8446744073709552e19, 1e16, 1e-5]
    numbers += [-0.0, -1e22, -9223372036854775808, 9223372036854775807, 1e5, 0.1, 1.0]
    learner.save(metadata={"x": numbers, "text": "1" * 400})
    (answered,) = learner.get("/history")["sessions"]
    for sent in (orjson.dumps(answered), *exported(learner)):
        written = re.search(rb'"metadata": ?({.*?})', sent)
        assert written
        saved = learner.post_raw(START.replace(b'{"x": ', written[1]) + b"}")
        assert saved.status_code == 201, saved.text
        assert as_floats(saved.get_json()["metadata"]) == list(map(float, numbers))


@pytest.mark.parametrize(
    "literal", ["1" + "0" * 308, "18446744073709552000", "9300000000000000000"]
)
def test_an_integer_that_a_float_became_is_that_float(learner: Learner, literal: str) -> None:
    name = str(uuid4()).encode()
    key = b'"session_result_id": "' + name + b'", '
    body = START.replace(b"{", b"{" + key, 1)
    number = float(literal)
    for written in (
        repr(number),
        literal,
        f"{number:e}" if float(f"{number:e}") == number else literal,
    ):
        response = learner.post_raw(body + written.encode() + b"}}")
        assert response.status_code in (200, 201)
        assert float(response.get_json()["metadata"]["x"]) == number
    assert learner.count() == 1


@pytest.mark.parametrize(
    ("literal", "status"),
    [
        (b"1e400", 422),
        (b"-1e400", 422),
        (b"1e309", 422),
        (b"18446744073709551616", 422),
        (b"9223372036854775808", 422),
        (b"-9223372036854775809", 422),
        (b"1" + b"0" * 309, 422),
        (b"1" + b"0" * 307 + b"1", 422),
        (b"-" + b"9" * 500_000, 422),
        (b"[" * 8 + b"]" * 8, 422),
        (b"[" * 900 + b"]" * 900, 422),
        (b"[" * 100_000 + b"]" * 100_000, 400),
        (rb'"\ud800"', 422),
        (rb'{"\udc00": 1}', 422),
        (rb'"\u0000"', 422),
        (rb'{"a\u0000": 1}', 422),
        (b'"\xed\xa0\x80"', 400),
        (b'"\x00"', 400),
        (b"01", 400),
        (b"1.", 400),
        (b".5", 400),
        (b"+1", 400),
        (b"0x10", 400),
        (b"NaN", 400),
        (b"-Infinity", 400),
        (b"1e", 400),
        (b"18446744073709551616, NaN", 400),
        (b"[" + b"1e9," * 150_000 + b"1]", 422),
        (b'[{"a":1}' + b',{"a":1}' * 80_000 + b',"\\ud800"]', 422),
        (b"-0.0", 201),
        (b"1E5", 201),
        (b"1e-400", 201),
        (b"0.1e-400", 201),
        (b"0." + b"3" * 500_000, 201),
        (b"1" + b"0" * 308 + b".0", 201),
        (b"-9223372036854775808", 201),
        (b'"123456789012345678901234567890"', 201),
        (b'"\\"123456789012345678901234567890"', 201),
        (b'1, "x": 2', 201),
    ],
)  # fmt: skip
def test_any_literal_is_stored_or_refused_in_no_time(
    app: Flask, literal: bytes, status: int
) -> None:
    for attempt in tries():
        learner = Learner(app)
        with attempt.under(0.5, thread_time):
            response = learner.post_raw(START + literal + b"}}")
        assert response.status_code == status
        assert len(response.data) < 5_000
        assert learner.count() == (status == 201)


def test_of_a_member_that_is_repeated_the_last_one_counts(learner: Learner) -> None:
    for more in (b"", b', "y": 18446744073709552000'):
        saved = learner.post_raw(START + b'1, "x": 2' + more + b"}}").get_json()
        assert saved["metadata"]["x"] == 2


@pytest.mark.parametrize(
    ("literal", "answered"),
    [
        ("1E5", "100000.0"),
        ("-0.0", "0.0"),
        ("-0", "0"),
        ("0.1e-400", "0.0"),
        ("1e-7", "1e-7"),
        ("1e16", "10000000000000000"),
        ("1e308", "1e+308"),
        ("1" + "0" * 308, "1e+308"),
        ("1.50", "1.5"),
    ],
)
def test_numbers_are_kept_by_value(learner: Learner, literal: str, answered: str) -> None:
    saved = learner.post_raw(START + literal.encode() + b"}}")
    assert f'"metadata":{{"x":{answered}}}' in saved.text.replace(" ", "")
