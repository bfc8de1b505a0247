"""A client of Vorex Sessions, and a queue that keeps practice sessions until they are stored."""

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
    Unreadable,
)
from vorex_sessions_client.problems import NoAnswerError, Problem, ProblemError
from vorex_sessions_client.queue import PracticeQueue
from vorex_sessions_client.storage import FileStorage, MemoryStorage, Storage

__all__ = [
    "Added",
    "Clock",
    "Corrected",
    "Event",
    "FileStorage",
    "FlushReport",
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
    "Unreadable",
]
