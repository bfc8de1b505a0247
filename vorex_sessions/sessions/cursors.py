"""Pure: the opaque cursor of the history: a position in the order, and a digest of the filters."""

import base64
import struct
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any
from uuid import UUID

import orjson

_LAYOUT = struct.Struct(">q16s6s")  # microseconds since 1970, session_result_id, digest of filters
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def write(completed_at: datetime, session_result_id: str, filters: Mapping[str, Any]) -> str:
    """The cursor that continues after a session."""
    moment = (completed_at - _EPOCH) // timedelta(microseconds=1)
    packed = _LAYOUT.pack(moment, UUID(session_result_id).bytes, _digest(filters))
    return base64.urlsafe_b64encode(packed).decode()


def read(cursor: str, filters: Mapping[str, Any]) -> tuple[datetime, str]:
    """The position to continue after. Raises ValueError unless `write` made the cursor for these filters."""
    moment, session_result_id, digest = _unpack(cursor)
    if digest != _digest(filters):
        raise ValueError("belongs to other filters than these")
    try:
        return _EPOCH + timedelta(microseconds=moment), str(UUID(bytes=session_result_id))
    except OverflowError:
        raise ValueError("is not a cursor of this service") from None


def _unpack(cursor: str) -> tuple[int, bytes, bytes]:
    try:
        packed = base64.b64decode(cursor, altchars=b"-_", validate=True)
        moment, session_result_id, digest = _LAYOUT.unpack(packed)
    except (ValueError, struct.error):
        raise ValueError("is not a cursor of this service") from None
    return moment, session_result_id, digest


def _digest(filters: Mapping[str, Any]) -> bytes:
    return blake2b(orjson.dumps(dict(filters), option=orjson.OPT_SORT_KEYS), digest_size=6).digest()
