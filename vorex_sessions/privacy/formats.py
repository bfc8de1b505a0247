"""Exports as text, piece by piece: JSON, NDJSON, CSV. Pure: rows in, bytes out."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import orjson

# What spreadsheets take for a formula, or skip on their way to one (OWASP, "CSV Injection").
_LIVE = ("=", "+", "-", "@", "\t", "\r", "\n")

Portions = Iterable[Sequence[Mapping[str, Any]]]


def as_json(head: Mapping[str, Any], members: Iterable[tuple[str, Portions]]) -> Iterator[bytes]:
    """One object: the members of `head`, then a list for each of `members`."""
    yield orjson.dumps(head)[:-1]
    for name, portions in members:
        yield b"," + orjson.dumps(name) + b":["
        separator = b""
        for portion in portions:
            yield separator + b",".join(orjson.dumps(row) for row in portion)
            separator = b","
        yield b"]"
    yield b"}"


def as_ndjson(portions: Portions) -> Iterator[bytes]:
    """One object a line."""
    for portion in portions:
        yield b"".join(orjson.dumps(row) + b"\n" for row in portion)


def as_csv(names: Sequence[str], portions: Portions) -> Iterator[bytes]:
    """RFC 4180 with a header line; lists and objects as JSON, null as nothing."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(names)
    for portion in portions:
        writer.writerows([_cell(row[name]) for name in names] for row in portion)
        yield text.getvalue().encode()
        text.seek(0)
        text.truncate()
    yield text.getvalue().encode()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        value = orjson.dumps(value).decode()
    return f"'{value}" if value.startswith(_LIVE) else value
