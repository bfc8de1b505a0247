"""The tree of domain errors, as RFC 9457 describes problems; problem_handler.py renders them."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any


class Problem(Exception):
    """Something a caller did or met, with the sentence to tell them. Subclasses fix what they can."""

    status = HTTPStatus.INTERNAL_SERVER_ERROR
    slug = "internal-error"
    title = "Something went wrong on our side"
    detail = "The request could not be completed; please try again."

    def __init__(
        self,
        detail: str | None = None,
        *,
        errors: Sequence[Mapping[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.detail = detail or self.detail
        self.errors = list(errors)
        self.headers = dict(headers or {})
        super().__init__(self.detail)

    def body(self) -> dict[str, Any]:
        """The problem as a JSON object: type, title, status, detail and, for bad values, errors."""
        members = {
            "type": f"/problems/{self.slug}",
            "title": self.title,
            "status": int(self.status),
            "detail": self.detail,
        }
        return members | {"errors": self.errors} if self.errors else members


class Unreadable(Problem):
    """The body is not JSON."""

    status = HTTPStatus.BAD_REQUEST
    slug = "unreadable"
    title = "The request cannot be read"
    detail = "The body must be valid JSON in UTF-8."


class NotSignedIn(Problem):
    """No token, or one that proves nothing."""

    status = HTTPStatus.UNAUTHORIZED
    slug = "not-signed-in"
    title = "Sign-in is needed"
    detail = "Send the learner's access token in the header `Authorization: Bearer <token>`."


class Forbidden(Problem):
    """A good token that may not do this."""

    status = HTTPStatus.FORBIDDEN
    slug = "forbidden"
    title = "This token may not do that"
    detail = "This token may not do that."


class NotFound(Problem):
    """There is no such thing, or it belongs to someone else."""

    status = HTTPStatus.NOT_FOUND
    slug = "not-found"
    title = "Not found"
    detail = "There is nothing at this address; /docs lists what there is."


class MethodNotAllowed(Problem):
    """The address exists, the method does not."""

    status = HTTPStatus.METHOD_NOT_ALLOWED
    slug = "method-not-allowed"
    title = "Method not allowed"
    detail = "This address does not take that method; the Allow header lists those it takes."


class Conflict(Problem):
    """Another content is stored under the same id."""

    status = HTTPStatus.CONFLICT
    slug = "conflict"
    title = "This id is taken"
    detail = "A session with this id but other content is already stored; nothing was changed."


class Gone(Problem):
    """Saving what was deleted on purpose."""

    status = HTTPStatus.GONE
    slug = "gone"
    title = "Deleted for good"
    detail = "This was deleted for good."


class TooLarge(Problem):
    """The body is over the limit."""

    status = HTTPStatus(413)  # its name in HTTPStatus depends on the version of Python
    slug = "too-large"
    title = "The body is too large"
    detail = "The body may hold at most 1 MiB (4 MiB for a batch)."


class NotJson(Problem):
    """The body is declared to be something else than JSON."""

    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    slug = "not-json"
    title = "The body must be JSON"
    detail = "Send the body as JSON with the header `Content-Type: application/json`."


class Invalid(Problem):
    """A value breaks a rule; `errors` says which and where."""

    status = HTTPStatus(422)  # its name, too
    slug = "invalid"
    title = "A value breaks a rule"
    detail = "A value of the request breaks a rule."


class KeyReused(Problem):
    """Another content was saved with the same idempotency key."""

    status = HTTPStatus(422)
    slug = "idempotency-key-reused"
    title = "This idempotency key was used before"
    detail = "The Idempotency-Key was used for a session with other content; nothing was changed."


class TooSlow(Problem):
    """The body did not arrive in time."""

    status = HTTPStatus.REQUEST_TIMEOUT
    slug = "too-slow"
    title = "The request took too long to arrive"
    detail = "The body did not arrive in time; please send it again, or less at once."


class QuotaExceeded(Problem):
    """More requests than fair use allows; `violated-policies` is the member that the IETF draft names."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    slug = "quota-exceeded"
    title = "Too many requests"

    def __init__(self, kind: str, quota: int, seconds: int) -> None:
        self.kind = kind
        super().__init__(
            f"More than {quota} {kind} in a minute; please try again in {seconds} s.",
            headers={"Retry-After": str(seconds)},
        )

    def body(self) -> dict[str, Any]:
        """The problem as a JSON object."""
        return super().body() | {"violated-policies": [self.kind]}


class Unavailable(Problem):
    """Something the service rests on is away; the same request may be sent again."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    slug = "unavailable"
    title = "Temporarily unavailable"
    detail = "The database cannot be reached right now; please try again in a moment."

    def __init__(self, detail: str | None = None, *, retry_after: int = 1) -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after)})


class OldHttp(Problem):
    """A download over HTTP/1.0, where one that is cut short looks like a whole one."""

    status = HTTPStatus.HTTP_VERSION_NOT_SUPPORTED
    slug = "old-http"
    title = "HTTP/1.1 is needed"
    detail = "A download needs HTTP/1.1; a proxy in between must speak it to the service, too."
