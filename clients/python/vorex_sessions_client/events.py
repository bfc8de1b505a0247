"""What the queue and live sessions tell."""

from dataclasses import dataclass
from typing import TypeAlias

from vorex_sessions_client.problems import Problem
from vorex_sessions_client.types import BatchItem, LiveSession


@dataclass(frozen=True)
class Added:
    """A session that was added. Not durable: the storage refused it so far; it is kept in memory."""

    session_result_id: str
    durable: bool


@dataclass(frozen=True)
class Stored:
    """The service has stored a session, now or before, with what it unlocked."""

    id: str
    item: BatchItem


@dataclass(frozen=True)
class Corrected:
    """A session was refused because of the device's clock or zone, which was corrected."""

    id: str
    problem: Problem


@dataclass(frozen=True)
class SetAside:
    """A session was refused for good, and is kept for the developer: see `PracticeQueue.set_aside`."""

    id: str
    problem: Problem


@dataclass(frozen=True)
class Removed:
    """A session was removed, since the learner had deleted it (410)."""

    id: str
    problem: Problem


@dataclass(frozen=True)
class Stopped:
    """A request was refused as a whole: nothing is sent until the next call; everything is kept."""

    status: int
    problem: Problem


@dataclass(frozen=True)
class Postponed:
    """Not now: `flush` or `beat` sends nothing before these seconds have passed."""

    status: int | None
    retry_in: float


@dataclass(frozen=True)
class StorageFailed:
    """The storage failed to `read`, `write`, `remove` or `list`."""

    operation: str
    error: Exception


@dataclass(frozen=True)
class Unreadable:
    """A text of the storage is no entry of a queue; it stays where it is."""

    key: str
    text: str


@dataclass(frozen=True)
class Beaten:
    """The service has the totals of a heartbeat."""

    session: LiveSession


@dataclass(frozen=True)
class Refused:
    """A heartbeat was refused: the program's mistake. The next ones come after long pauses."""

    status: int
    problem: Problem


@dataclass(frozen=True)
class Ended:
    """The session was saved, cancelled or deleted meanwhile, here or elsewhere: no heartbeat follows."""

    status: int
    problem: Problem


Event: TypeAlias = (
    Stored | Corrected | SetAside | Removed | Stopped | Postponed | StorageFailed | Unreadable
)
LiveEvent: TypeAlias = Beaten | Postponed | Refused | Ended | StorageFailed


@dataclass(frozen=True)
class FlushReport:
    """What a flush has left."""

    # How many sessions wait.
    waiting: int
    # Seconds until another flush sends something; None if nothing waits for that.
    retry_in: float | None
    # Why a request was refused as a whole.
    stopped: Stopped | None


@dataclass(frozen=True)
class SyncReport:
    """What a sync has reached."""

    # Whether the copy is what the service had.
    complete: bool
    # Whether the storage has it; otherwise it is in memory, and is fetched again after the program's end.
    durable: bool
    # Seconds until another sync sends something; None if there is no pause.
    retry_in: float | None
    # Why a request was refused as a whole.
    stopped: Stopped | None
