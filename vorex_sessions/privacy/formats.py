"""Exports as text, piece by piece: JSON, NDJSON, CSV, xAPI. Pure: JSON objects in text in, bytes out."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import orjson

from vorex_sessions import xapi
from vorex_sessions.turns import in_turns

# A text that a spreadsheet would run as a formula, or one behind apostrophes of its own: it begins with a
# character that starts a formula, or that is skipped before one (OWASP, "CSV Injection").
_FORMULA = re.compile(r"'*[=+\-@\t\r\n]")
_GUARDED = re.compile(rf"'{_FORMULA.pattern}")

Portions = Iterable[Sequence[str]]


def as_json(head: Mapping[str, Any], members: Iterable[tuple[str, Portions]]) -> Iterator[bytes]:
    """One object: the members of `head`, then a list for each of `members`.

    The head is sent with the first rows, so that nothing is sent if these cannot be read.
    """
    unsent = orjson.dumps(head)[:-1]
    for name, portions in members:
        unsent += b"," + orjson.dumps(name) + b":["
        separator = b""
        for portion in portions:
            yield unsent + separator + ",".join(portion).encode()
            unsent, separator = b"", b","
        unsent += b"]"
    yield unsent + b"}"


def as_ndjson(portions: Portions) -> Iterator[bytes]:
    """One object per line."""
    for portion in portions:
        yield "\n".join([*portion, ""]).encode()


def as_xapi(portions: Portions, home_page: str) -> Iterator[bytes]:
    """One statement per line, so that a file can be cut at any line."""
    for portion in portions:
        sessions = map(orjson.loads, in_turns(portion))
        statements = (xapi.statement(session, home_page) for session in sessions)
        yield b"".join(orjson.dumps(one, option=orjson.OPT_APPEND_NEWLINE) for one in statements)


def as_csv(names: Sequence[str], portions: Portions) -> Iterator[bytes]:
    """RFC 4180 with a header line; lists and objects as JSON, null as nothing."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(names)
    for portion in portions:
        rows = map(orjson.loads, portion)
        writer.writerows([_cell(row[name]) for name in names] for row in rows)
        yield text.getvalue().encode()
        text.seek(0)
        text.truncate()
    yield text.getvalue().encode()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        value = orjson.dumps(value).decode()
    return f"'{value}" if _FORMULA.match(value) else value


def unguarded(cell: str) -> str:
    """The text of a cell that `as_csv` has written."""
    return cell[1:] if _GUARDED.match(cell) else cell
