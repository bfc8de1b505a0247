"""What waits for a destination: leasing a learner's next events, and noting what became of them.

Two deliverers never send events of one learner to a destination at once, since each holds the learner's queue
by a lease. Who dies while sending leaves a lease that ends, and the same events are sent again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from vorex_sessions.database import Transaction, as_rows, run, run_transaction
from vorex_sessions.events import statements
from vorex_sessions.hooks.destinations import Answer, Destination, Event, Outcome

LEASE_SECONDS = 60  # seconds; a request takes less (posting.LONGEST)
# Seconds to wait after each failure, the last one again and again (Standard Webhooks).
DELAYS = (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
# Seconds without any success, and since an event happened: what is new has as long as what it waits behind.
GIVEN_UP_AFTER = 3 * 24 * 3600


@dataclass(frozen=True)
class Leased:
    """A learner's next events, in order."""

    user_id: str
    last_id: int
    attempts: int  # at the first of them
    failing_for: float  # seconds since the last success for this learner; 0: no failure since
    ids: Sequence[int]
    events: Sequence[Event]


@dataclass(frozen=True)
class Parcel:
    """What is sent in one request."""

    destination: Destination
    lease: str
    queues: Sequence[Leased]

    @property
    def events(self) -> list[Event]:
        """All events, those of each learner in order."""
        return [event for queue in self.queues for event in queue.events]


def parcels(destination: Destination, free: int) -> list[Parcel]:
    """Lease what is due, for at most `free` requests. What has failed before is sent alone."""
    if destination.batch == 1:
        return _lease(destination, free, together=False)
    fresh = _lease(destination, destination.batch, together=True, failed=False)
    return [*fresh, *_lease(destination, max(0, free - 1), together=False, failed=True)]


def _lease(
    destination: Destination, queues: int, *, together: bool, failed: bool | None = None
) -> list[Parcel]:
    lease = str(uuid4())
    parameters = {
        **_parameters(destination),
        "lease": lease,
        "queues": queues,
        "failed": failed,
        "seconds": LEASE_SECONDS,
        "batch": destination.batch if together else 1,
    }
    rows = run(statements.LEASE, parameters)
    leased = [_leased(list(some)) for _, some in groupby(rows, key=lambda row: row.user_id)]
    if empty := [one for one in leased if not one.events]:
        _drop(destination, lease, empty)
    full = [one for one in leased if one.events]
    if together:
        return [Parcel(destination, lease, full)] if full else []
    return [Parcel(destination, lease, [one]) for one in full]


def _leased(rows: Sequence[Any]) -> Leased:
    first = rows[0]
    found = [row for row in rows if row.id is not None]
    return Leased(
        str(first.user_id),
        first.last_id,
        first.attempts,
        first.failing_for or 0.0,
        [row.id for row in found],
        [event_of(row) for row in found],
    )


def event_of(row: Any) -> Event:
    """The event in a row of the table."""
    session = row.session_result_id and str(row.session_result_id)
    return Event(
        str(row.event_id),
        str(row.user_id),
        row.type,
        row.occurred_at,
        session,
        row.version,
        row.data or {},
    )


def _parameters(destination: Destination) -> dict[str, Any]:
    types = None if destination.types is None else list(destination.types)
    return {"destination": destination.name, "types": types}


def _drop(destination: Destination, lease: str, queues: Sequence[Leased]) -> None:
    """Remove queues in which nothing waits; an event that came meanwhile is due at once."""
    rows = as_rows({"user_id": one.user_id, "id": one.last_id} for one in queues)
    parameters = {**_parameters(destination), "lease": lease, "rows": rows}

    def work(transaction: Transaction) -> None:
        transaction.defer(statements.LOCK, parameters)
        transaction.defer(statements.REMOVE_EMPTY, parameters)
        transaction.finish(statements.RELEASE, parameters)

    run_transaction(work)


def is_given_up(parcel: Parcel) -> bool:
    """Whether another failure of this parcel is the last one."""
    if len(parcel.events) > 1:
        return False
    age = (datetime.now(UTC) - parcel.events[0].occurred_at).total_seconds()
    return min(age, parcel.queues[0].failing_for) >= GIVEN_UP_AFTER


def note(parcel: Parcel, answer: Answer) -> None:
    """Note what became of a parcel, unless its lease is over. Raises DBAPIError."""
    is_delivered = answer.outcome is Outcome.DELIVERED
    place = -1 if is_delivered else 0  # all have arrived, or the first one waits
    rows = as_rows({"user_id": one.user_id, "id": one.ids[place]} for one in parcel.queues)
    parameters = {
        "destination": parcel.destination.name,
        "lease": parcel.lease,
        "rows": rows,
        "says": answer.says,
        "delivered": is_delivered,
        "delays": [float(seconds) for seconds in DELAYS],
        "pause": answer.retry_after,
    }

    def work(transaction: Transaction) -> None:
        *first, last = _to_run(parcel, answer)
        for statement in first:
            transaction.defer(statement, parameters)
        transaction.finish(last, parameters)

    run_transaction(work)


def _to_run(parcel: Parcel, answer: Answer) -> list[sa.Executable]:
    if answer.outcome is Outcome.DELIVERED:
        return [statements.LOCK, statements.REMOVE, statements.ADVANCE]
    if answer.outcome is Outcome.CLOSED:
        return [statements.CLOSE, statements.LOCK, statements.RELEASE]
    if is_given_up(parcel):
        return [statements.GIVE_UP, statements.LOCK, statements.REMOVE, statements.ADVANCE]
    return [*([statements.PAUSE] if answer.retry_after else []), statements.LOCK, statements.DELAY]
