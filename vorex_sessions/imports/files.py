"""Pure: what a file that an import gets holds, in each format of the export."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from vorex_sessions.privacy.formats import unguarded
from vorex_sessions.problems.kinds import Invalid, Problem, TooLarge, Unreadable
from vorex_sessions.problems.validation import validation_problem
from vorex_sessions.sessions import results
from vorex_sessions.turns import in_turns
from vorex_sessions.web import json_bodies

MOST_ROWS = 10_000  # sessions, or rows of another member; 4 MiB of an export have fewer
_HEADER = ("session_result_id", "session_type", "duration_seconds", "completed_at")
# Cells of these columns are texts; those of others are JSON.
_TEXTS = frozenset(
    column.name
    for column in results.COLUMNS
    if isinstance(column.type, sa.Text | sa.Uuid | sa.DateTime | sa.Date)
)
_LONGEST_CELL = 4 * 1024 * 1024  # characters
csv.field_size_limit(_LONGEST_CELL)  # 128 KiB by default; nothing else of the service reads CSV


@dataclass(frozen=True)
class File:
    """The sessions of a file, or the problem of a line; the other members of a JSON object.

    Sessions are made as they are asked for: thousands at once in every form that they go through would keep
    the garbage collector, and so the worker, for a tenth of a second.
    """

    sessions: Iterator[Any]
    members: dict[str, Any] = field(default_factory=dict)


def read(body: bytes, file_format: str) -> File:
    """What a file holds. Raises Unreadable, Invalid, or TooLarge for more than any export of 4 MiB has.

    So does reading the sessions of CSV and NDJSON.
    """
    json_bodies.refuse_many_values(body)
    return READERS[file_format](body)


def _json(body: bytes) -> File:
    value = json_bodies.parse(body)
    if not isinstance(value, dict):
        raise validation_problem({"_schema": ["must be a JSON object, as the export has it"]})
    sessions = value.pop("sessions", None)
    return File(_taken(rows_of([] if sessions is None else sessions, "sessions")), value)


def _taken(rows: list[Any]) -> Iterator[Any]:
    rows.reverse()
    while rows:
        yield rows.pop()


def _ndjson(body: bytes) -> File:
    lines = (line for line in body.split(b"\n") if line.strip())
    return File(_line(line) for line in in_turns(_few(lines)))


def _csv(body: bytes) -> File:
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unreadable("The file must be CSV in UTF-8.") from None
    return File(_csv_rows(text))


def _csv_rows(text: str) -> Iterator[Any]:
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        names = [unguarded(name) for name in next(rows, [])]
        _check_header(names)
        # csv gives an empty list for an empty line.
        for cells in in_turns(_few(filter(None, rows))):
            yield _row(names, cells)
    except csv.Error:
        raise Unreadable("The file is not valid CSV (RFC 4180), or its end is missing.") from None


READERS: dict[str, Callable[[bytes], File]] = {"json": _json, "ndjson": _ndjson, "csv": _csv}


def rows_of(value: Any, member: str) -> list[Any]:
    """The rows of a member. Raises Invalid and TooLarge."""
    if not isinstance(value, list):
        raise validation_problem({member: ["must be a list"]})
    return list(_few(value))


def _few(rows: Iterable[Any]) -> Iterator[Any]:
    for count, row in enumerate(rows):
        if count == MOST_ROWS:
            raise TooLarge(
                f"A file may have at most {MOST_ROWS:,} sessions; please send it in parts."
            )
        yield row


def _line(line: bytes) -> Any:
    try:
        return json_bodies.parse(line)
    except Unreadable:
        return Unreadable("The line must be a JSON object in UTF-8.")


def _check_header(names: list[str]) -> None:
    if not set(_HEADER).issubset(names):
        raise Invalid(
            "The first line must name the columns, as in the export; each part of a file needs it."
        )
    if len(set(names)) < len(names):
        raise Invalid("The first line must name each column once.")


def _row(names: list[str], cells: list[str]) -> dict[str, Any] | Problem:
    if len(cells) != len(names):
        return Invalid(f"The row must have {len(names)} cells, as the first line has.")
    return {name: _value(name, unguarded(cell)) for name, cell in zip(names, cells, strict=True)}


def _value(name: str, cell: str) -> Any:
    if not cell:
        return None
    if name in _TEXTS:
        return cell
    try:
        return json_bodies.parse(cell.encode())
    except Unreadable:
        return cell  # the schema names the rule
