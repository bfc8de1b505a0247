"""Sending again: what was delivered or given up, and what waits for a destination that was closed.

In batches, since a save waits for who holds the row of its learner.
"""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from vorex_sessions.database import Transaction, as_rows, run, run_long, run_transaction
from vorex_sessions.hooks.destinations import Destination
from vorex_sessions.models import BEFORE_ALL

_TIMEOUT = 600  # seconds to look through all events
_BATCH = 500  # learners
_ENABLE = sa.text("DELETE FROM event_destinations WHERE destination = :destination")
_DUE_NOW = sa.text(f"""
UPDATE event_queues AS queue SET due_at = :now FROM (
    SELECT user_id FROM event_queues
    WHERE destination = :destination AND lease IS NULL AND due_at > :now
    ORDER BY due_at LIMIT {_BATCH} FOR UPDATE SKIP LOCKED
) AS waiting
WHERE queue.destination = :destination AND queue.user_id = waiting.user_id
RETURNING queue.user_id
""")  # noqa: S608  # our own number
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
_GIVEN = "jsonb_to_recordset(CAST(:rows AS jsonb)) AS given (user_id uuid, id bigint)"
_UNMARK = sa.text(f"""
UPDATE events SET given_up = array_remove(given_up, :destination) FROM {_GIVEN}
WHERE events.user_id = given.user_id AND events.id >= given.id AND given_up IS NOT NULL
""")  # noqa: S608  # our own text
# What is being sent now keeps its time, lest two send at once, and loses its lease: its outcome is not noted.
_AGAIN = sa.text(f"""
INSERT INTO event_queues AS queue (destination, user_id, after_id, last_id)
SELECT :destination, given.user_id, given.id - 1, known.last_id
FROM {_GIVEN} CROSS JOIN LATERAL (
    SELECT max(events.id) AS last_id FROM events WHERE events.user_id = given.user_id
) AS known
WHERE known.last_id IS NOT NULL ORDER BY given.user_id
ON CONFLICT (user_id, destination) DO UPDATE SET
    after_id = least(queue.after_id, excluded.after_id),
    last_id = greatest(queue.last_id, excluded.last_id), attempts = 0, failing_since = NULL,
    lease = CASE WHEN queue.lease IS NULL THEN NULL ELSE gen_random_uuid() END,
    due_at = CASE WHEN queue.lease IS NULL THEN now() ELSE queue.due_at END
""")  # noqa: S608  # our own text


def enable(destination: Destination, *, now: datetime) -> None:
    """Send to a destination again, at once."""
    parameters = {"destination": destination.name, "now": now}
    run(_ENABLE, parameters)
    while run(_DUE_NOW, parameters):
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


def _queue(destination: Destination, found: Any) -> None:
    rows = as_rows({"user_id": str(row.user_id), "id": row.id} for row in found)
    parameters = {"destination": destination.name, "rows": rows}

    def work(transaction: Transaction) -> None:
        transaction.defer(_UNMARK, parameters)
        transaction.finish(_AGAIN, parameters)

    run_transaction(work)
