"""One request of the queue, and what its answer means. docs/api.md has the table."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import httpx

from vorex_sessions_client.entries import Entry
from vorex_sessions_client.http import Http
from vorex_sessions_client.pages import Page, read
from vorex_sessions_client.problems import NoAnswerError, Problem, parsed, problem_of

# 4xx that say nothing about the request: too slow, too early, too many.
REPEATABLE = {408, 425, 429}


@dataclass(frozen=True)
class Answered:
    """Each entry has its own outcome."""

    items: list[Any]


@dataclass(frozen=True)
class TooLarge:
    """413: fewer at once."""

    problem: Problem


@dataclass(frozen=True)
class Refused:
    """The request is wrong as a whole; to repeat it as it is cannot help."""

    status: int
    problem: Problem


@dataclass(frozen=True)
class Later:
    """Unknown, or not now: the same may be sent again."""

    status: int | None = None
    retry_after: float | None = None


def send_batch(http: Http, entries: Sequence[Entry]) -> Answered | TooLarge | Refused | Later:
    """Send entries as a batch."""
    body = {"sessions": [entry.session for entry in entries]}
    answer = _send(http, "POST", "/api/sessions/batch", body=body)
    if not isinstance(answer, httpx.Response):
        return answer
    read = parsed(answer.text)
    results = read.get("results") if isinstance(read, dict) else None
    if not isinstance(results, list):  # not the service's, but a sign-in page of the network, say
        return Later(answer.status_code)
    return Answered([item for item in results if _is_item(item, len(entries))])


def ask_time(http: Http) -> TooLarge | Refused | Later | None:
    """Ask for something small, for the server's time. Return why nothing can be sent now, or None."""
    answer = _send(http, "GET", "/api/sessions/history", query={"limit": 1})
    return None if isinstance(answer, httpx.Response) else answer


def ask_changes(http: Http, since: str | None, limit: int) -> Page | TooLarge | Refused | Later:
    """Ask for the changes after a place."""
    answer = _send(http, "GET", "/api/sessions/changes", query={"since": since, "limit": limit})
    if not isinstance(answer, httpx.Response):
        return answer
    value = parsed(answer.text)
    page = read(value)
    if page is None or not isinstance(value.get("has_more"), bool):
        return Later(answer.status_code)
    return replace(page, has_more=value["has_more"])


def is_final(problem: Any) -> bool:
    """Return whether a problem of one session will be the same next time."""
    status = problem.get("status") if isinstance(problem, dict) else None
    if not isinstance(status, int):
        return False
    return 400 <= status < 500 and status != 401 and status not in REPEATABLE


def _send(
    http: Http, method: str, path: str, **request: Any
) -> httpx.Response | TooLarge | Refused | Later:
    try:
        answer = http.send(method, path, **request)
    except NoAnswerError:  # no network, no answer in time, no token to be had
        return Later()
    status = answer.status_code
    if answer.is_success:
        return answer
    problem = problem_of(status, answer.text)
    if status == 413:
        return TooLarge(problem)
    if 400 <= status < 500 and status not in REPEATABLE:
        return Refused(status, problem)
    return Later(status, http.retry_after(answer))


def _is_item(item: Any, count: int) -> bool:
    index = item.get("index") if isinstance(item, dict) else None
    return isinstance(index, int) and 0 <= index < count
