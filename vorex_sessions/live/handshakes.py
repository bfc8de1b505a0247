"""Pure: whether a request may become a socket, by its headers."""

from base64 import b64decode
from collections.abc import Callable, Collection
from http import HTTPStatus
from typing import NamedTuple
from urllib.parse import urlsplit

from vorex_sessions.live.websockets import PROTOCOL
from vorex_sessions.problems.kinds import Forbidden, Problem

_BEARER = "bearer."
_VERSION = "13"


class Wanted(NamedTuple):
    """What a handshake brings along."""

    key: str
    token: str | None


class BadHandshake(Problem):
    """The request cannot become a WebSocket of live sessions."""

    status = HTTPStatus.BAD_REQUEST
    slug = "bad-handshake"
    title = "Bad handshake"
    detail = f"Open a WebSocket of version {_VERSION} with the subprotocol `{PROTOCOL}`."


def wanted(header: Callable[[str], str | None]) -> Wanted:
    """What the handshake brings along. Raises BadHandshake."""
    if header("Sec-WebSocket-Version") != _VERSION:
        raise BadHandshake(headers={"Sec-WebSocket-Version": _VERSION})
    key = header("Sec-WebSocket-Key") or ""
    protocols = [one.strip() for one in (header("Sec-WebSocket-Protocol") or "").split(",")]
    if PROTOCOL not in protocols or not _is_key(key):
        raise BadHandshake
    tokens = [one.removeprefix(_BEARER) for one in protocols if one.startswith(_BEARER)]
    return Wanted(key, tokens[0] if tokens else None)


def check_origin(origin: str | None, host: str, allowed: Collection[str] | None) -> None:
    """Let no other page than the operator's use a learner's token. Apps send no origin. Raises Forbidden."""
    if origin is None or urlsplit(origin).netloc == host:
        return
    if not allowed or not {origin, "*"} & set(allowed):
        raise Forbidden("This origin is not in CORS_ORIGINS.")


def _is_key(key: str) -> bool:
    try:
        return len(b64decode(key, validate=True)) == 16
    except ValueError:
        return False
