"""Pure: the state of a live session, which follows from its last heartbeat and the time.

Heartbeats are kept to the second, so that each change falls on a second, as an ETag needs it
(web/conditional.py).
"""

from datetime import datetime, timedelta

INTERVAL = 20  # seconds between heartbeats, as apps are told
IDLE_AFTER = timedelta(minutes=2)
ABANDONED_AFTER = timedelta(minutes=30)
GONE_AFTER = timedelta(hours=24)

ACTIVE, IDLE, ABANDONED, GONE = "active", "idle", "abandoned", "gone"
SHOWN = (ACTIVE, IDLE, ABANDONED)
_CHANGES = ((IDLE_AFTER, ACTIVE), (ABANDONED_AFTER, IDLE), (GONE_AFTER, ABANDONED))


def whole_second(instant: datetime) -> datetime:
    """The second that an instant lies in."""
    return instant.replace(microsecond=0)


def state_of(heartbeat_at: datetime, now: datetime) -> str:
    """The state of a live session with this last heartbeat."""
    since = now - heartbeat_at
    return next((state for limit, state in _CHANGES if since < limit), GONE)


def next_change(heartbeat_at: datetime, now: datetime) -> datetime:
    """When the state changes next, if no heartbeat comes. The live session is not gone yet."""
    since = now - heartbeat_at
    return heartbeat_at + next(limit for limit, _ in _CHANGES if since < limit)


def gone_at(heartbeat_at: datetime) -> datetime:
    """Until when a live session can be resumed."""
    return heartbeat_at + GONE_AFTER
