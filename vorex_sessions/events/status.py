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
        AS last_answer
FROM event_queues WHERE destination = :destination
""")
_GIVEN_UP = sa.text("""
SELECT count(*) AS given_up FROM events WHERE given_up @> ARRAY[CAST(:destination AS text)]
""")
_CLOSED = sa.text("""
SELECT max(disabled_at) AS disabled_at, max(paused_until) FILTER (WHERE paused_until > now()) AS paused_until
FROM event_destinations WHERE destination = :destination
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
    parts = (_STATUS, _GIVEN_UP, _CLOSED)
    named = {"destination": destination.name}
    return Status(
        *(value for part in parts for value in run_long(part, named, timeout=_TIMEOUT)[0])
    )


def waiting_since() -> dict[str, float]:
    """For each destination, since when an event waits (Unix time): now where none does. Cheap."""
    names = [one.name for one in configured()]
    return {name: run(_WAITING_SINCE, {"destination": name})[0].since for name in names}
