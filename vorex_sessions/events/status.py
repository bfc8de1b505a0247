"""What waits for each destination, for the operator; enabling a destination, and sending again."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from vorex_sessions.database import Transaction, run, run_long, run_transaction
from vorex_sessions.events.deliverer import configured
from vorex_sessions.hooks.destinations import Destination

_TIMEOUT = 600  # seconds for what reads every event
_STATUS = sa.text("""
SELECT count(*) AS learners, count(*) FILTER (WHERE failing_since IS NOT NULL) AS failing,
    CAST(coalesce(extract(epoch FROM now() - min(since)), 0) AS float8) AS oldest,
    (array_agg(last_answer ORDER BY failing_since) FILTER (WHERE failing_since IS NOT NULL))[1]
        AS last_answer,
    (SELECT count(*) FROM events WHERE given_up @> ARRAY[CAST(:destination AS text)]) AS given_up,
    (SELECT disabled_at FROM event_destinations AS closed WHERE closed.destination = :destination)
        AS disabled_at,
    (SELECT paused_until FROM event_destinations AS closed
        WHERE closed.destination = :destination AND paused_until > now()) AS paused_until
FROM event_queues WHERE destination = :destination
""")
# Among those that have been due for longest: near enough, however many wait.
_WAITING_SINCE = sa.text("""
SELECT CAST(extract(epoch FROM coalesce(min(since), now())) AS float8) AS since FROM (
    SELECT since FROM event_queues WHERE destination = :destination ORDER BY due_at LIMIT 1000
) AS waiting
""")
_ENABLE = sa.text("DELETE FROM event_destinations WHERE destination = :destination")
_DUE_NOW = sa.text("""
UPDATE event_queues SET due_at = now()
WHERE destination = :destination AND lease IS NULL AND due_at > now()
""")
# From the first of these events on, each learner's come again. What is being sent now keeps its time, lest
# two send at once, and loses its lease: what becomes of it is not noted.
_AGAIN = """
WITH again AS (
    SELECT user_id, min(id) AS first_id FROM events WHERE {condition} GROUP BY user_id
), marked AS (
    UPDATE events SET given_up = array_remove(given_up, :destination) FROM again
    WHERE events.user_id = again.user_id AND events.id >= again.first_id AND given_up IS NOT NULL
)
INSERT INTO event_queues AS queue (destination, user_id, after_id, last_id)
SELECT :destination, user_id, first_id - 1,
    (SELECT max(id) FROM events WHERE events.user_id = again.user_id)
FROM again ORDER BY user_id
ON CONFLICT (user_id, destination) DO UPDATE SET
    after_id = least(queue.after_id, excluded.after_id),
    last_id = greatest(queue.last_id, excluded.last_id), attempts = 0, failing_since = NULL,
    lease = CASE WHEN queue.lease IS NULL THEN NULL ELSE gen_random_uuid() END,
    due_at = CASE WHEN queue.lease IS NULL THEN now() ELSE queue.due_at END
"""
_CONDITIONS = {
    "since": "occurred_at >= :since",
    "event_id": "event_id = CAST(:event_id AS uuid)",
    "given_up": "given_up @> ARRAY[CAST(:destination AS text)]",
}
_STATEMENTS = {
    name: sa.text(_AGAIN.format(condition=condition) + " RETURNING 1")
    for name, condition in _CONDITIONS.items()
}


@dataclass(frozen=True)
class Status:
    """What waits for a destination."""

    learners: int  # who have events that wait
    failing: int  # of them, whose next event has failed
    oldest: float  # seconds for which a learner's next event has waited
    last_answer: str | None
    given_up: int  # events that are kept, and were given up
    disabled_at: datetime | None
    paused_until: datetime | None


def status(destination: Destination) -> Status:
    """What waits for a destination. Reads all that waits."""
    (row,) = run_long(_STATUS, {"destination": destination.name}, timeout=_TIMEOUT)
    return Status(*row)


def waiting_since() -> dict[str, float]:
    """For each destination, since when an event waits (Unix time): now where none does. Cheap."""
    names = [one.name for one in configured()]
    return {name: run(_WAITING_SINCE, {"destination": name})[0].since for name in names}


def enable(destination: Destination) -> None:
    """Send to a destination again, at once."""
    parameters = {"destination": destination.name}

    def work(transaction: Transaction) -> None:
        transaction.defer(_DUE_NOW, parameters)
        transaction.finish(_ENABLE, parameters)

    run_transaction(work, timeout=_TIMEOUT)


def redeliver(
    destination: Destination,
    *,
    since: datetime | None = None,
    event_id: str | None = None,
    given_up: bool = False,
) -> int:
    """Send events again, and what followed them for the same learners; returns how many learners.

    Give one condition.
    """
    conditions: dict[str, Any] = {"since": since, "event_id": event_id, "given_up": given_up}
    ((name, value),) = ((name, value) for name, value in conditions.items() if value)
    parameters = {"destination": destination.name, name: value}
    return len(run_long(_STATEMENTS[name], parameters, timeout=_TIMEOUT))
