"""Sending again: what was delivered or given up, and what waits for a destination that was closed.

In batches, since a save waits for who holds the row of its learner.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from vorex_sessions.database import run, run_long
from vorex_sessions.events import apart
from vorex_sessions.flask_config import setting
from vorex_sessions.hooks.destinations import Destination
from vorex_sessions.models import BEFORE_ALL

_TIMEOUT = 600  # seconds to look through all events
_BATCH = 500  # learners
_ENABLE = sa.text("DELETE FROM event_destinations WHERE destination = :destination")
_WAITING = "destination = :destination AND lease IS NULL AND due_at > :now"
_WAIT_LONGER = sa.text(f"""
SELECT due_at FROM event_queues WHERE {_WAITING} ORDER BY due_at LIMIT {_BATCH}
""")  # noqa: S608  # our own text
_DUE_NOW = sa.text(f"""
UPDATE event_queues SET due_at = :now WHERE {_WAITING} AND due_at <= :until
""")  # noqa: S608  # our own text
# The same on one machine, which passes over a queue that a save holds.
_DUE_NOW_UNLESS_HELD = sa.text(f"""
UPDATE event_queues AS queue SET due_at = :now FROM (
    SELECT user_id FROM event_queues WHERE {_WAITING} ORDER BY due_at LIMIT {_BATCH}
    FOR UPDATE SKIP LOCKED
) AS waiting
WHERE queue.destination = :destination AND queue.user_id = waiting.user_id
RETURNING queue.user_id
""")  # noqa: S608  # our own text
_FIND = """
SELECT user_id, min(id) AS id FROM events WHERE user_id > CAST(:after AS uuid) AND {condition}
GROUP BY user_id ORDER BY user_id LIMIT {batch}
"""
_CONDITIONS = {
    "since": "occurred_at >= :since",
    "event_id": "event_id = CAST(:event_id AS uuid)",
    "given_up": "given_up @> ARRAY[CAST(:destination AS text)]",
}
_STATEMENTS = {
    name: sa.text(_FIND.format(condition=condition, batch=_BATCH))
    for name, condition in _CONDITIONS.items()
}
_UNMARK = sa.text("""
UPDATE events SET given_up = array_remove(given_up, :destination)
WHERE user_id = CAST(:user_id AS uuid) AND id >= :id AND given_up IS NOT NULL
""")
# What is being sent now keeps its time, lest two send at once, and loses its lease: its outcome is not noted.
_AGAIN = sa.text("""
INSERT INTO event_queues AS queue (destination, user_id, after_id, last_id, due_at)
SELECT :destination, events.user_id, :id - 1, max(events.id), now() FROM events
WHERE events.user_id = CAST(:user_id AS uuid) GROUP BY events.user_id
ON CONFLICT (user_id, destination) DO UPDATE SET
    after_id = least(queue.after_id, excluded.after_id),
    last_id = greatest(queue.last_id, excluded.last_id), attempts = 0, failing_since = NULL,
    lease = CASE WHEN queue.lease IS NULL THEN NULL ELSE CAST(:nobody AS uuid) END,
    due_at = CASE WHEN queue.lease IS NULL THEN excluded.due_at ELSE queue.due_at END
""")


def enable(destination: Destination, *, now: datetime) -> None:
    """Send to a destination again, at once."""
    parameters = {"destination": destination.name, "now": now}
    run(_ENABLE, parameters)
    if not setting("DB_DISTRIBUTED"):
        _make_due(parameters)
        return
    while rows := run(_WAIT_LONGER, parameters):
        run(_DUE_NOW, {**parameters, "until": rows[-1].due_at})


def _make_due(parameters: Mapping[str, Any]) -> None:
    while run(_DUE_NOW_UNLESS_HELD, parameters):
        pass


def redeliver(
    destination: Destination,
    *,
    since: datetime | None = None,
    event_id: str | None = None,
    given_up: bool = False,
) -> int:
    """Send events again, and what followed them for the same learners; returns how many learners.

    Give one condition. Safe to stop, and to run again.
    """
    conditions: dict[str, Any] = {"since": since, "event_id": event_id, "given_up": given_up}
    ((name, value),) = ((name, value) for name, value in conditions.items() if value)
    parameters = {"destination": destination.name, name: value, "after": BEFORE_ALL}
    count = 0
    while found := run_long(_STATEMENTS[name], parameters, timeout=_TIMEOUT):
        _queue(destination, found)
        count += len(found)
        parameters["after"] = str(found[-1].user_id)
    return count


def _queue(destination: Destination, found: Sequence[Any]) -> None:
    shared = {"destination": destination.name, "nobody": str(uuid4())}
    rows = [{**shared, "user_id": str(row.user_id), "id": row.id} for row in found]
    for portion in apart.portions(rows):
        apart.change((_UNMARK, _AGAIN), portion)
