"""One heartbeat, and what the service says of it."""

from typing import Any, NamedTuple

from vorex_sessions_client.http import Http
from vorex_sessions_client.problems import Problem, parsed, problem_of


class Outcome(NamedTuple):
    """What the service says of a heartbeat."""

    status: int
    # The live session as it is now, if the service has it.
    session: Any
    problem: Problem
    retry_after: float | None


def path_of(id: str) -> str:
    """Return the path of a live session."""
    return f"/api/sessions/live/{id}"


def send_heartbeat(http: Http, id: str, beat: dict[str, Any]) -> Outcome:
    """Send a heartbeat. Raises NoAnswerError."""
    answer = http.send("PUT", path_of(id), body=beat)
    read = parsed(answer.text)
    is_session = answer.is_success and isinstance(read, dict) and isinstance(read.get("seq"), int)
    return Outcome(
        answer.status_code,
        read if is_session else None,
        problem_of(answer.status_code, answer.text),
        http.retry_after(answer),
    )


def is_end(outcome: Outcome) -> bool:
    """Return whether the session was saved, cancelled or deleted."""
    too_many = outcome.problem.get("type") == "/problems/too-many-live-sessions"
    return outcome.status == 410 or (outcome.status == 409 and not too_many)
