"""What goes wrong in a request, as exceptions."""

import json
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeAlias

# An RFC 9457 problem, as docs/api.md lists them.
Problem: TypeAlias = dict[str, Any]

_LONGEST_WAIT = 3600.0  # seconds; a wrong date must not stop the queue for a year


class ProblemError(Exception):
    """The service refused a request, or could not answer it. Its text is the problem's `detail`."""

    def __init__(
        self, status: int, problem: Problem, request_id: str | None, retry_after: float | None
    ) -> None:
        self.status = status
        self.problem = problem
        self.request_id = request_id
        # How many seconds the service asks to wait.
        self.retry_after = retry_after
        super().__init__(
            str(problem.get("detail") or problem.get("title") or f"The service answered {status}.")
        )


class NoAnswerError(Exception):
    """No answer that can be read: whether the request arrived is unknown. The same may be sent again."""


class ConflictError(Exception):
    """Another device has changed the session meanwhile; nothing was changed now. The app decides.

    To do it all the same, call again: the copy has the newest version now.
    """

    def __init__(self, newest: Any) -> None:
        # The session as it is now; None if it was deleted.
        self.newest = newest
        super().__init__("The session was changed on another device.")


class UnknownSessionError(Exception):
    """The local copy has no session with this id: not yet, or not any more."""


def problem_of(status: int, text: str) -> Problem:
    """Return the problem in a body; a proxy's page of HTML becomes one without detail."""
    read = parsed(text)
    if isinstance(read, dict):
        return {"status": status, **read}
    return {"status": status, "title": f"HTTP {status}"}


def parsed(text: str) -> Any:
    """Return the value of a JSON text; None if it is none."""
    try:
        return json.loads(text)
    except ValueError:
        return None


def http_date(header: str | None) -> datetime | None:
    """Return the time of a `Date` header; None if it cannot be read."""
    try:
        read = parsedate_to_datetime(header or "")
    except ValueError:
        return None
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def retry_after(header: str | None, now: datetime) -> float | None:
    """Return the seconds of `Retry-After`: a number, or a date beside the server's own `now`."""
    text = (header or "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), _LONGEST_WAIT)
    date = http_date(text)
    return min(max((date - now).total_seconds(), 0.0), _LONGEST_WAIT) if date else None
