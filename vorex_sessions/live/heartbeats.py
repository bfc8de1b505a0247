"""Pure: what becomes of a live session by a heartbeat."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from vorex_sessions.live.states import whole_second
from vorex_sessions.models.limits import SESSION_TYPES
from vorex_sessions.periods import stamp

# By how much the active seconds may exceed the time since the start: clocks are not exact.
TOLERANCE = 10  # seconds
AHEAD = timedelta(minutes=5)
EARLIER = timedelta(hours=24)
# What the metadata of an abandoned session says when it is saved.
ENDED = {"ended": "abandoned"}
_KEPT = (
    *("session_result_id", "session_type", "language", "timezone", "words_spoken"),
    *("pronunciation_score", "fluency_score", "grammar_score", "topics", "vocabulary_learned"),
)


def merged(
    stored: Mapping[str, Any] | None, heartbeat: Mapping[str, Any], now: datetime
) -> dict[str, Any] | None:
    """The live session after a heartbeat; None where the heartbeat is not newer than the last one.

    The start is that of the first heartbeat, at the latest when it arrived. More active seconds than have
    passed since are cut off: that many, the heartbeats prove.
    """
    if stored is not None and heartbeat["seq"] <= stored["seq"]:
        return None
    first = stored or {
        "started_at": min(heartbeat["started_at"], now).astimezone(UTC),
        "created_at": now,
        "heartbeat_at": whole_second(now),
    }
    passed = int((now - first["started_at"]).total_seconds()) + TOLERANCE
    return {
        **heartbeat,
        "started_at": first["started_at"],
        "active_seconds": min(heartbeat["active_seconds"], max(passed, 0)),
        "created_at": first["created_at"],
        "heartbeat_at": max(whole_second(now), first["heartbeat_at"]),
        "cancelled": False,
    }


def never_live(session_result_id: str, now: datetime) -> dict[str, Any]:
    """What is kept of a live session that was cancelled before its first heartbeat came."""
    return {
        "session_result_id": session_result_id,
        "session_type": SESSION_TYPES[0],
        "language": "und",
        "timezone": "UTC",
        "started_at": now,
        "created_at": now,
        "seq": 0,
        "active_seconds": 0,
        "words_spoken": 0,
        "pronunciation_score": None,
        "fluency_score": None,
        "grammar_score": None,
        "topics": [],
        "vocabulary_learned": [],
        "metadata": {},
        "heartbeat_at": whole_second(now),
        "cancelled": True,
    }


def start_error(started_at: datetime, now: datetime, *, is_new: bool) -> str | None:
    """The rule that the start of a live session breaks."""
    server_time = f"the server's time, which is {stamp(now)}"
    if started_at > now + AHEAD:
        return f"must not be over 5 minutes ahead of {server_time}"
    if is_new and started_at < now - EARLIER:
        return f"must be at most 24 hours before {server_time}, for a session that is not live yet"
    return None


def as_abandoned(live: Mapping[str, Any]) -> dict[str, Any]:
    """The session result to save for an abandoned live session: what its heartbeats prove."""
    return {
        **{name: live[name] for name in _KEPT},
        "duration_seconds": live["active_seconds"],
        "completed_at": live["heartbeat_at"],
        "metadata": {**live["metadata"], **ENDED},
    }
