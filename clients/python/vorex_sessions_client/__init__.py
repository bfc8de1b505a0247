"""A client of Vorex Sessions, a queue that keeps sessions until they are stored, and a copy of all."""

from vorex_sessions_client.client import SessionsClient
from vorex_sessions_client.clock import Clock
from vorex_sessions_client.events import (
    Added,
    Beaten,
    Corrected,
    Ended,
    Event,
    FlushReport,
    LiveEvent,
    Postponed,
    Refused,
    Removed,
    SetAside,
    Stopped,
    StorageFailed,
    Stored,
    SyncReport,
    Unreadable,
)
from vorex_sessions_client.live import LivePractice
from vorex_sessions_client.local import LocalCopy
from vorex_sessions_client.problems import (
    ConflictError,
    NoAnswerError,
    Problem,
    ProblemError,
    UnknownSessionError,
)
from vorex_sessions_client.queue import PracticeQueue
from vorex_sessions_client.storage import FileStorage, MemoryStorage, Storage
from vorex_sessions_client.unfinished import unfinished

__all__ = [
    "Added",
    "Beaten",
    "Clock",
    "ConflictError",
    "Corrected",
    "Ended",
    "Event",
    "FileStorage",
    "FlushReport",
    "LiveEvent",
    "LivePractice",
    "LocalCopy",
    "MemoryStorage",
    "NoAnswerError",
    "Postponed",
    "PracticeQueue",
    "Problem",
    "ProblemError",
    "Refused",
    "Removed",
    "SessionsClient",
    "SetAside",
    "Stopped",
    "Storage",
    "StorageFailed",
    "Stored",
    "SyncReport",
    "UnknownSessionError",
    "Unreadable",
    "unfinished",
]
