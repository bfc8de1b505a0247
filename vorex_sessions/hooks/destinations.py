"""Where events go: what a capability declares, so that `flask events deliver` sends there.

The deliverer knows leases, order and retries; a destination knows how to send, and what an answer means.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any

from vorex_sessions.flask_config import any_setting


@dataclass(frozen=True)
class Event:
    """What has happened, as it was written; `event_id` is the same in every attempt."""

    event_id: str
    user_id: str
    type: str
    occurred_at: datetime
    session_result_id: str | None = None
    version: int | None = None
    data: dict[str, Any] = field(default_factory=dict)


class Outcome(Enum):
    """What an answer means."""

    DELIVERED = "delivered"
    FAILED = "failed"  # try again later, in the end give up
    CLOSED = "closed"  # send nothing more until the operator enables the destination again


@dataclass(frozen=True)
class Answer:
    """What a destination said; `says` is for the operator, without anything of a learner."""

    outcome: Outcome
    says: str
    retry_after: float | None = None  # seconds for which it wants nothing at all


class Destination(ABC):
    """Base class. A capability lists one instance in its Capability."""

    name: str  # as it is stored and shown
    address: str  # the setting that has its address
    batch = 1  # the most events of one request; what has failed before is sent alone
    types: Collection[str] | None = None  # what it gets; None: all

    def is_configured(self) -> bool:
        """Whether the settings of the current app have its address."""
        return any_setting((self.address,))

    @abstractmethod
    def send(self, events: Sequence[Event]) -> Answer:
        """Send events, in this order, within `posting.LONGEST`.

        Called in a thread with the app's context, and no transaction open. It may read the database first.
        Whatever it raises counts as failed.
        """

    def wants(self, event_type: str) -> bool:
        """Whether events of this type go here."""
        return self.types is None or event_type in self.types
