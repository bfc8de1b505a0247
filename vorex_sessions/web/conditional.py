"""Conditional requests (RFC 9110, section 13): ETags, If-None-Match and If-Match.

The weak ETag of a learner's answer is a digest of what it rests on, so that 304 costs one query: the release
and its settings, the request, and the learner's state. Where the answer changes with time, the ETag ends with
the second until which it is right, midnight for example. An answer that rests on others has a digest of
itself.
"""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import wraps
from hashlib import blake2b
from typing import Any, TypeVar

from flask import Response, request

from config import DECISIVE
from vorex_sessions.auth.caller import learner_id
from vorex_sessions.current import current_flask, current_request
from vorex_sessions.hooks import freshness
from vorex_sessions.version import VERSION

_BYTES, _LENGTH = 12, 24  # of a digest: bytes, and characters
_UNTIL = "."  # between a digest and the second until which it holds
_SECONDS = re.compile(r"[0-9]{1,12}")
_OF_CONTENT = "~"  # begins a digest of the answer itself
_ANY = "*"  # whatever the client has
_OPAQUE = re.compile(r'"([^"]*)"')
F = TypeVar("F", bound=Callable[..., Any])
_LONGEST_HEADER = 2000  # characters of If-None-Match that are looked at

NOT_MODIFIED = "The answer that the app has is still right."
ETAG = {
    "ETag": {
        "description": "Stands for the answer, for `If-None-Match`.",
        "schema": {"type": "string"},
        "example": 'W/"8c1f0d6e5a2b4c3d9e7f6a01"',
    }
}
IF_NONE_MATCH = {
    "in": "header",
    "name": "If-None-Match",
    "required": False,
    "description": 'The `ETag` of the answer that the app has, for example `W/"8c1f0d6e5a2b4c3d9e7f6a01"`; '
    "304 without a body if it is still right.",
    "schema": {"type": "string"},
}


def rests_also_on(more: Callable[[str], Any]) -> Callable[[F], F]:
    """Decorate a view whose answer changes with something else, too: the text of `more(learner_id)`."""

    def decorate(view: F) -> F:
        view.more_basis = more  # type: ignore[attr-defined]  # read by conditional
        return view

    return decorate


def conditional(view: Callable[..., Response]) -> Callable[..., Response]:
    """Wrap a learner's GET: its answer gets an ETag; 304 where the client has the answer already."""
    more = getattr(view, "more_basis", None)

    @wraps(view)
    def answered(*args: Any, **kwargs: Any) -> Response:
        asked = _asked()
        if asked and (tag := _still_right(asked, more)):
            return Response(status=304, headers={"ETag": tag})
        with freshness.Basis() as basis:
            if more:
                basis.value = freshness.state_of(learner_id(), more)
            response = view(*args, **kwargs)
        # To look for what is not there makes Werkzeug raise and catch an exception.
        tag = next((value for name, value in response.headers if name == "ETag"), None)
        if basis.value is None and not basis.on_others and not tag:
            # The first query had no rows. What is read after it may be newer, so the answer is made again.
            with freshness.Basis() as basis:
                basis.value = freshness.state_of(learner_id())
                response = view(*args, **kwargs)
        if not tag:
            tag = _tag_of(response, basis)
            response.headers.add("ETag", tag)
        return _unless_known(response, tag, asked) if asked else response

    return answered


def _unless_known(response: Response, tag: str, asked: Sequence[str]) -> Response:
    """The answer, or 304 where the client has it."""
    if _ANY not in asked and tag.removeprefix("W/")[1:-1] not in asked:
        return response
    response.close()
    return Response(status=304, headers={"ETag": tag})


def _asked() -> Sequence[str]:
    """The ETags that the client has, without what makes them weak; what cannot be read is left out."""
    header = current_request().environ.get("HTTP_IF_NONE_MATCH", "")
    if not 0 < len(header) <= _LONGEST_HEADER:
        return ()
    return (_ANY,) if header.strip() == _ANY else _OPAQUE.findall(header)


def _still_right(asked: Sequence[str], more: Callable[[str], Any] | None) -> str | None:
    """The ETag that the client has sent, if the answer is still the one that it stands for."""
    now = datetime.now(UTC)
    parts = (tag.partition(_UNTIL) for tag in asked)
    until = {
        digest: end for digest, _, end in parts if len(digest) == _LENGTH and _is_ahead(end, now)
    }
    if not until:
        return None
    digest = _digest(freshness.state_of(learner_id(), more))
    return _weak(digest, until[digest]) if digest in until else None


def _is_ahead(until: str, now: datetime) -> bool:
    return not until or (_SECONDS.fullmatch(until) is not None and now.timestamp() < int(until))


def _tag_of(response: Response, basis: freshness.Basis) -> str:
    if basis.on_others:
        return f'W/"{_OF_CONTENT}{_hash(response.get_data())}"'
    until = str(int(basis.until.timestamp())) if basis.until else ""
    return _weak(_digest(basis.value), until)


def _weak(digest: str, until: str) -> str:
    return f'W/"{digest}{_UNTIL}{until}"' if until else f'W/"{digest}"'


def _digest(state: str) -> str:
    """The digest of what an answer to the current request rests on; `state` is the learner's."""
    config, environ = current_flask().config, current_request().environ
    release = [VERSION, *[str(config[name]) for name in DECISIVE]]
    asked = [environ[name] for name in ("PATH_INFO", "QUERY_STRING")]
    return _hash("\n".join([*release, learner_id(), *asked, state]).encode())


def _hash(data: bytes) -> str:
    return blake2b(data, digest_size=_BYTES).hexdigest()


def version_tag(version: int) -> str:
    """The ETag of a session result."""
    return f'"{version}"'


def expected_version() -> Callable[[int], bool] | None:
    """Whether a session result with this version may be changed, by If-Match; None: it does not say."""
    if "HTTP_IF_MATCH" not in request.environ:
        return None
    tags = request.if_match
    return lambda version: tags.contains(str(version))  # of the strong ones
