"""Pure: the content that a client sends -> the columns to store, and a fingerprint to compare content."""

from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any

import orjson

from vorex_sessions.models.limits import FINGERPRINT_BYTES
from vorex_sessions.periods import day_of, offset_name, stamp
from vorex_sessions.problems.validation import validation_problem
from vorex_sessions.sessions.results import DEFAULTS

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
AHEAD = timedelta(minutes=5)
FINGERPRINT_VERSION = b"\x01"


def check_instant(completed_at: datetime, now: datetime, start: str = "#") -> None:
    """Check that a session can have this time. Raises Invalid, with the server's time."""
    if completed_at < EARLIEST:
        raise validation_problem({"completed_at": ["must not be before 2000-01-01"]}, start=start)
    if completed_at > now + AHEAD:
        rule = f"must not be over 5 minutes ahead of the server's time, which is {stamp(now)}"
        raise validation_problem({"completed_at": [rule]}, start=start)


def completed(content: dict[str, Any], now: datetime, start: str = "#") -> dict[str, Any]:
    """The columns to store for the content: with defaults and the calendar day."""
    completed_at = content.get("completed_at") or now
    check_instant(completed_at, now, start)
    zone_name = content.get("timezone") or _default_zone(content)
    return {
        **DEFAULTS,
        **content,
        "completed_at": completed_at.astimezone(UTC),
        "timezone": zone_name,
        "practiced_on": day_of(completed_at, zone_name),
    }


def fingerprint(content: dict[str, Any]) -> bytes:
    """16 bytes of BLAKE2b over the content; a default that is sent equals one that is left out."""
    fields = {name: value for name, value in content.items() if value != DEFAULTS.get(name, ...)}
    if fields.get("timezone") == _default_zone(content):
        del fields["timezone"]
    if "completed_at" in fields:
        fields["completed_at"] = stamp(fields["completed_at"])
    canonical = orjson.dumps(_canonical(fields), option=orjson.OPT_SORT_KEYS)
    return blake2b(FINGERPRINT_VERSION + canonical, digest_size=FINGERPRINT_BYTES).digest()


def _default_zone(content: dict[str, Any]) -> str:
    completed_at = content.get("completed_at")
    return offset_name(completed_at) if completed_at else "UTC"


def _canonical(value: Any) -> Any:
    """Numbers in one form, so that 1.0 is 1 and -0.0 is 0."""
    if isinstance(value, dict):
        return {name: _canonical(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_canonical(inner) for inner in value]
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**63:
        return int(value)
    return value
