"""What waits for a destination: leasing a learner's next events, and noting what became of them.

Two deliverers never send events of one learner to a destination at once, since each holds the learner's queue
by a lease. Who dies while sending leaves a lease that ends, and the same events are sent again.
"""

import logging
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from vorex_sessions.database import run
from vorex_sessions.events import apart, leasing, statements
from vorex_sessions.flask_config import setting
from vorex_sessions.hooks.destinations import Answer, Destination, Event, Outcome

log = logging.getLogger(__name__)

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
    rows = leasing.lease(parameters)
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
    to_run = (statements.REMOVE_EMPTY, statements.RELEASE)
    rows = [{"user_id": one.user_id, "id": one.last_id} for one in queues]
    _change(to_run, rows, {**_parameters(destination), "lease": lease})


def _change(
    to_run: Sequence[sa.Executable], rows: Sequence[dict[str, Any]], parameters: dict[str, Any]
) -> None:
    """Change queues. Where a learner's machine is away the lease will end, and the others are changed."""
    for portion in apart.portions([{**parameters, **row} for row in rows]):
        with _others_go_on():
            apart.change(to_run, portion)


@contextmanager
def _others_go_on() -> Iterator[None]:
    """On several machines: what one of them does not take holds up nothing else."""
    try:
        yield
    except DBAPIError as error:
        if not setting("DB_DISTRIBUTED"):
            raise
        log.warning("a queue stays as it is: %s", type(error.orig).__name__)


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
    rows = [
        {"user_id": one.user_id, "id": one.ids[place], "jitter": random.uniform(0.9, 1.1)}  # noqa: S311  # no secret
        for one in parcel.queues
    ]
    parameters = {
        "destination": parcel.destination.name,
        "lease": parcel.lease,
        "says": answer.says,
        "delivered": is_delivered,
        "delays": [float(seconds) for seconds in DELAYS],
        "pause": answer.retry_after,
    }
    is_delayed = answer.outcome is Outcome.FAILED and not is_given_up(parcel)
    if answer.outcome is Outcome.CLOSED:
        run(statements.CLOSE, parameters)
    elif is_delayed and answer.retry_after:
        with _others_go_on():
            run(statements.PAUSE, parameters)
    _change(_to_run(answer, is_delayed=is_delayed), rows, parameters)


def _to_run(answer: Answer, *, is_delayed: bool) -> list[sa.Executable]:
    if answer.outcome is Outcome.DELIVERED:
        return [statements.REMOVE, statements.ADVANCE]
    if answer.outcome is Outcome.CLOSED:
        return [statements.RELEASE]
    if is_delayed:
        return [statements.DELAY]
    return [statements.GIVE_UP, statements.REMOVE, statements.ADVANCE]
