"""An event as receivers see it, pushed or pulled: small, so that a receiver reads the rest from the API."""

from typing import Any

from vorex_sessions.hooks.destinations import Event
from vorex_sessions.periods import stamp


def payload(event: Event) -> dict[str, Any]:
    """Type, time and data of an event, as Standard Webhooks recommends."""
    named = {
        "user_id": event.user_id or None,
        "session_result_id": event.session_result_id,
        "version": event.version,
    }
    data = {name: value for name, value in named.items() if value is not None}
    return {
        "type": event.type,
        "timestamp": stamp(event.occurred_at),
        "data": {**data, **event.data},
    }
