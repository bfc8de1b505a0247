"""Opaque cursors. A cursor holds a place in a list, and a digest of the filters that it belongs to."""

import base64
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

import orjson

from vorex_sessions.problems.kinds import Invalid
from vorex_sessions.problems.validation import validation_problem

_DIGEST = 6  # bytes


def write(place: bytes, filters: Mapping[str, Any]) -> str:
    """The cursor of a place in the list that these filters make."""
    return base64.urlsafe_b64encode(place + _digest(filters)).decode()


def read(
    cursor: str, filters: Mapping[str, Any], *, size: int | None = None, parameter: str = "cursor"
) -> bytes:
    """The place, of `size` bytes if given. Raises Invalid unless `write` made it for these filters."""
    try:
        packed = base64.b64decode(cursor, altchars=b"-_", validate=True)
    except ValueError:
        packed = b""
    place = packed[:-_DIGEST]
    if not place or size not in (None, len(place)):
        raise invalid(parameter=parameter)
    if packed[-_DIGEST:] != _digest(filters):
        raise invalid("belongs to other filters than these", parameter)
    return place


def invalid(rule: str = "is not a cursor of this service", parameter: str = "cursor") -> Invalid:
    """The 422 for a cursor."""
    return validation_problem({parameter: [rule]}, in_query=True)


def _digest(filters: Mapping[str, Any]) -> bytes:
    canonical = orjson.dumps(dict(filters), option=orjson.OPT_SORT_KEYS)
    return blake2b(canonical, digest_size=_DIGEST).digest()
