"""The error handler of the app: every error leaves as RFC 9457 problem details."""

import logging
from http import HTTPStatus

import orjson
from flask import Flask, Response
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from logs import chain
from vorex_sessions import compression
from vorex_sessions.database import faults
from vorex_sessions.problems.kinds import (
    MethodNotAllowed,
    NotFound,
    NotJson,
    Problem,
    TooLarge,
    Unavailable,
    slug_of,
)

log = logging.getLogger(__name__)


def render(problem: Problem) -> Response:
    """Return a problem as an HTTP response."""
    data = orjson.dumps(problem.body())
    media = "application/problem+json"
    response = Response(data, problem.status, problem.headers, content_type=media)
    return response if len(data) < compression.SMALLEST else compression.offer(response)


def _from_http(error: HTTPException) -> Problem:
    """Return the problem for an error that Flask or Werkzeug raises."""
    for kind in (NotFound, MethodNotAllowed, TooLarge, NotJson):
        if error.code == kind.status:
            return kind(headers=_headers_of(error))
    problem = Problem(error.description, headers=_headers_of(error))
    problem.status = HTTPStatus(error.code or 500)
    problem.slug = slug_of(problem.status)
    problem.title = problem.status.phrase
    return problem


def _headers_of(error: HTTPException) -> dict[str, str]:
    return {name: value for name, value in error.get_headers() if name != "Content-Type"}


def _handle(error: Exception) -> Response:
    return render(problem_of(error))


def problem_of(error: Exception) -> Problem:
    """The problem that an error is for the client; what nobody foresaw is logged."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, HTTPException):
        return _from_http(error)
    if isinstance(error, DBAPIError | PoolTimeout) and (detail := _temporary_detail(error)):
        reason = str(getattr(error, "orig", None) or error).partition("\n")[0]
        log.warning("database unavailable: %s", reason)
        return Unavailable(detail)
    # Logged without its message: PostgreSQL's messages quote whole rows.
    links = chain(error)
    log.error("unhandled error: %s", links[-1]["kind"], extra={"fields": {"error": links}})
    return Problem()


# SQLSTATEs of temporary errors: lock not available, deadlock.
_BUSY = ("55P03", "40P01")
# A database of several machines has lost one in a commit; nothing was stored, or everything will be.
_INTERNAL, _LOST_IN_COMMIT = "XX000", "could not commit transaction"


def _temporary_detail(error: DBAPIError | PoolTimeout) -> str | None:
    """Return the detail where the database is down, busy or read-only; None for a bug of ours."""
    state = getattr(getattr(error, "orig", None), "pgcode", None)
    if isinstance(error, PoolTimeout) or state in _BUSY:
        return "The service is busy right now; please try again in a moment."
    # A replica that is not promoted yet; a pooler that loses plans.
    is_elsewhere = state == faults.READ_ONLY or state in faults.LOST_PLAN
    is_elsewhere |= state == _INTERNAL and _LOST_IN_COMMIT in str(getattr(error, "orig", ""))
    if isinstance(error, OperationalError | InterfaceError) or is_elsewhere:
        return Unavailable.detail
    return None


def init_app(app: Flask) -> None:
    """Register the handler for every error of the app."""
    app.register_error_handler(Exception, _handle)
    app.register_error_handler(HTTPException, _handle)
