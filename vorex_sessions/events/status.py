"""What waits for each destination, for the operator."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from vorex_sessions.database import run, run_long
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
