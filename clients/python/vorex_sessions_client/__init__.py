"""A client of Vorex Sessions, a queue that keeps sessions until they are stored, and a copy of all."""

from vorex_sessions_client.client import SessionsClient
from vorex_sessions_client.clock import Clock
from vorex_sessions_client.events import (
    Added,
    Corrected,
    Event,
    FlushReport,
    Postponed,
    Removed,
    SetAside,
    Stopped,
    StorageFailed,
    Stored,
    SyncReport,
    Unreadable,
)
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

__all__ = [
    "Added",
    "Clock",
    "ConflictError",
    "Corrected",
    "Event",
    "FileStorage",
    "FlushReport",
    "LocalCopy",
    "MemoryStorage",
    "NoAnswerError",
    "Postponed",
    "PracticeQueue",
    "Problem",
    "ProblemError",
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
]
