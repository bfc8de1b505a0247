"""Pure: what a browser's headers say of a request, and the cookie that it gets for the page."""

import re
from collections.abc import Iterable
from typing import Any, Protocol

from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header

COOKIE = "vorex_progress"
COOKIE_PATH = "/progress"
_FRAMES = ("iframe", "frame", "embed", "object")
_PREFETCH = ("Sec-Purpose", "Purpose", "X-Purpose", "X-Moz")
_PORT = re.compile(r":\d+$")
_LOCAL = ("localhost", "127.0.0.1", "[::1]")


class Headers(Protocol):
    """The headers of a request, by their names in any case."""

    def get(self, name: str, /) -> str | None:
        """The value of a header."""


def is_navigation(headers: Headers) -> bool:
    """Whether a browser opens the address for a person to look at.

    Browsers of today say so (Fetch Metadata). What does not say so may be a preview or a scanner of links:
    it gets a page with a button, which it does not press.
    """
    if any(headers.get(name) for name in _PREFETCH):
        return False
    is_page = headers.get("Sec-Fetch-Dest") in ("document", *_FRAMES)
    return is_page and headers.get("Sec-Fetch-Mode") == "navigate"


def is_for_a_person(headers: Headers) -> bool:
    """Whether a person looks at the answer: a browser says that it navigates, or that it prefers HTML."""
    accepted = parse_accept_header(headers.get("Accept"), MIMEAccept)
    # The first one also where both are as welcome, as for a program that accepts anything.
    best = accepted.best_match(["application/problem+json", "text/html"])
    return is_navigation(headers) or best == "text/html"


def is_framed(headers: Headers) -> bool:
    """Whether the page stands in a frame of another page."""
    return headers.get("Sec-Fetch-Dest") in _FRAMES


def is_from_elsewhere(headers: Headers) -> bool:
    """Whether another site's page sends the request: the learner has not pressed a button of ours."""
    return headers.get("Sec-Fetch-Site") in ("cross-site", "same-site")


def cookie_options(headers: Headers, *, scheme: str, may_frame: bool) -> dict[str, Any]:
    """How the cookie is set.

    Only plain HTTP on this machine does without Secure. In a frame of another site a browser sends only
    cookies that are SameSite=None; Partitioned ties it to the site around it.
    """
    host = headers.get("Host") or ""
    host = host.rpartition(":")[0] if _PORT.search(host) else host
    options: dict[str, Any] = {"path": COOKIE_PATH, "httponly": True}
    if may_frame and is_framed(headers):
        return {**options, "samesite": "None", "secure": True, "partitioned": True}
    return {**options, "samesite": "Lax", "secure": scheme != "http" or host not in _LOCAL}


def policy(frame_ancestors: Iterable[str] | None) -> str:
    """The Content-Security-Policy of the page: nothing but its own style sheet and images."""
    ancestors = " ".join(frame_ancestors or ["'none'"])
    return (
        "default-src 'none'; style-src 'self'; img-src 'self'; "
        f"base-uri 'none'; form-action 'self'; frame-ancestors {ancestors}"
    )
