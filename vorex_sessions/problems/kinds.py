"""Domain errors, as the problems of RFC 9457; handler.py renders them."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any


def slug_of(status: HTTPStatus) -> str:
    """Return the slug of a status that has no kind of its own."""
    return status.phrase.lower().replace(" ", "-").replace("'", "")


class Problem(Exception):
    """An error for the client: status, title and detail. Subclasses set the defaults."""

    status = HTTPStatus.INTERNAL_SERVER_ERROR
    slug = "internal-error"
    title = "Internal server error"
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
    title = "Unreadable body"
    detail = "The body must be valid JSON in UTF-8."


class NotSignedIn(Problem):
    """The token is missing or invalid."""

    status = HTTPStatus.UNAUTHORIZED
    slug = "not-signed-in"
    title = "Authentication required"
    detail = "Send the learner's access token in the header `Authorization: Bearer <token>`."


class Forbidden(Problem):
    """The token is valid, but does not allow the request."""

    status = HTTPStatus.FORBIDDEN
    slug = "forbidden"
    title = "Forbidden"
    detail = "This access token does not allow the request."


class NotFound(Problem):
    """The resource does not exist, or belongs to someone else."""

    status = HTTPStatus.NOT_FOUND
    slug = "not-found"
    title = "Not found"
    detail = "This address does not exist; /docs lists the endpoints."


class MethodNotAllowed(Problem):
    """The endpoint exists, but not with this method."""

    status = HTTPStatus.METHOD_NOT_ALLOWED
    slug = "method-not-allowed"
    title = "Method not allowed"
    detail = "This endpoint does not support the method; the Allow header lists the supported ones."


class Conflict(Problem):
    """Different content is stored under the same id."""

    status = HTTPStatus.CONFLICT
    slug = "conflict"
    title = "Conflict"
    detail = "A session with this id and different content is already stored; nothing was changed."


class TooManyLive(Problem):
    """The learner has as many live sessions as are allowed."""

    status = HTTPStatus.CONFLICT
    slug = "too-many-live-sessions"
    title = "Too many live sessions"
    detail = "You have too many live sessions; finish or cancel one first."


class TooManyCards(Problem):
    """The learner has as many share cards as are allowed."""

    status = HTTPStatus.CONFLICT
    slug = "too-many-share-cards"
    title = "Too many share cards"
    detail = "You share too many cards; revoke one first."


class Gone(Problem):
    """The resource was deleted on purpose and cannot be saved again."""

    status = HTTPStatus.GONE
    slug = "gone"
    title = "Gone"
    detail = "This was deleted and cannot be saved again."


class ChangedMeanwhile(Problem):
    """The resource has another version than `If-Match` names; nothing was changed."""

    status = HTTPStatus.PRECONDITION_FAILED
    slug = "changed-meanwhile"
    title = "Changed meanwhile"
    detail = (
        "This session was changed meanwhile; get it again, apply your change to it, and send that."
    )


class TooLarge(Problem):
    """The body is over the limit."""

    status = HTTPStatus(413)  # its name in HTTPStatus depends on the version of Python
    slug = "too-large"
    title = "Body too large"
    detail = (
        "The body may have at most 1 MiB (16 KiB for a heartbeat, 4 MiB for a batch or an import)."
    )


class NotJson(Problem):
    """The Content-Type of the body is not JSON."""

    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    slug = "not-json"
    title = "Unsupported media type"
    detail = "Send the body as JSON with the header `Content-Type: application/json`."


class UnknownFormat(Problem):
    """The Content-Type of the body is none of an export."""

    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    slug = "unknown-format"
    title = "Unknown format"
    detail = (
        "Send the file with the header `Content-Type: application/json`, `application/x-ndjson` or "
        "`text/csv`."
    )


class UnknownCoding(Problem):
    """The Content-Encoding of the body is neither gzip nor absent."""

    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    slug = "unknown-coding"
    title = "Unsupported content coding"
    detail = "Send the body uncompressed, or as gzip with the header `Content-Encoding: gzip`."

    def __init__(self) -> None:
        super().__init__(headers={"Accept-Encoding": "gzip"})


class Invalid(Problem):
    """A value is invalid; `errors` names the rule and the place."""

    status = HTTPStatus(422)  # as above
    slug = "invalid"
    title = "Invalid request"
    detail = "A value of the request is invalid."


class KeyReused(Problem):
    """Different content was saved with the same idempotency key."""

    status = HTTPStatus(422)
    slug = "idempotency-key-reused"
    title = "Idempotency key reused"
    detail = "The Idempotency-Key belongs to a session with different content; nothing was changed."


class TooSlow(Problem):
    """The body did not arrive in time."""

    status = HTTPStatus.REQUEST_TIMEOUT
    slug = "too-slow"
    title = "Request timeout"
    detail = "The body did not arrive in time; please send it again, or send less at once."


class QuotaExceeded(Problem):
    """The rate limit is exceeded; `violated-policies`, as in the IETF draft, names it."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    slug = "quota-exceeded"
    title = "Too many requests"
    detail = "Try again after as many seconds as the header `Retry-After` says."

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
    """A dependency of the service is unavailable; the client may send the same request again."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    slug = "unavailable"
    title = "Service unavailable"
    detail = "The database cannot be reached right now; please try again in a moment."

    def __init__(self, detail: str | None = None, *, retry_after: int = 1) -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after)})


class OldHttp(Problem):
    """A download over HTTP/1.0, where a truncated response looks complete."""

    status = HTTPStatus.HTTP_VERSION_NOT_SUPPORTED
    slug = "old-http"
    title = "HTTP/1.1 required"
    detail = "A download needs HTTP/1.1; a proxy must use it for its requests to the service, too."
