"""Fair use: so many reads and writes a minute for a learner, else for an address.

`RateLimit` and `RateLimit-Policy` as in draft-ietf-httpapi-ratelimit-headers-10. Where the counts are
away, requests go through.
"""

import logging
import math
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network

from flask import Flask, Response, current_app, g, request

from config import SettingError
from vorex_sessions import metrics
from vorex_sessions.auth.caller import Caller
from vorex_sessions.auth.pseudonyms import pseudonym
from vorex_sessions.problems.kinds import QuotaExceeded
from vorex_sessions.rate_limits.memory import WINDOW, Counts, MemoryCounter, Uncounted

log = logging.getLogger(__name__)

_READING = frozenset({"GET", "HEAD"})
_NOT_COUNTED = frozenset(
    {"operations.show_health", "operations.show_readiness", "operations.show_metrics"}
)
_COUNTS = "vorex-counts"


@dataclass(frozen=True)
class Policy:
    """How many requests of a kind fit into a window."""

    name: str
    quota: int

    def fields(self, count: int, left: float) -> dict[str, str]:
        """The two response header fields after `count` requests, `left` seconds before the window ends."""
        remaining = max(0, self.quota - count)
        return {
            "RateLimit-Policy": f'"{self.name}";q={self.quota};w={WINDOW}',
            "RateLimit": f'"{self.name}";r={remaining};t={math.ceil(left)}',
        }


def init_app(app: Flask) -> None:
    """Count every request but those that watch the service, before its endpoint judges it."""
    if app.config["RATELIMIT_ENABLED"]:
        app.extensions[_COUNTS] = _counts(app.config["RATELIMIT_STORAGE_URI"])
        app.before_request(_count)
        app.after_request(_tell)


def _counts(address: str) -> Counts:
    """`memory://`, or the address of a Redis. Raises SettingError for one with options it does not have."""
    if address == "memory://":
        return MemoryCounter()
    from vorex_sessions.rate_limits.redis import RedisCounter  # 6 MB a worker, for those who use it

    try:
        return RedisCounter(address)
    except (TypeError, ValueError):
        raise SettingError(
            "RATELIMIT_STORAGE_URI has an option that the redis package does not know."
        ) from None


def _count() -> None:
    # A browser's preflight is not the learner's request, and a 429 to it could not be read.
    if request.endpoint in _NOT_COUNTED or request.method == "OPTIONS":
        return
    kind = "reads" if request.method in _READING else "writes"
    policy = Policy(kind, current_app.config[f"RATELIMIT_{kind.upper()}"])
    counted: Counts = current_app.extensions[_COUNTS]
    try:
        count, left = counted.hit(f"vorex:{kind}:{_who()}")
    except Uncounted as reason:
        metrics.UNCOUNTED.inc()
        log.warning("requests are not counted: %s", reason)
        return
    g.rate_limit = policy.fields(count, left)
    if count > policy.quota:
        raise QuotaExceeded(kind, policy.quota, math.ceil(left))


def _who() -> str:
    """The learner, in a form that names nobody, else the address, which an operator shares with nobody."""
    if isinstance(known := g.get("caller"), Caller):
        return pseudonym(known.learner_id) if known.learner_id else f"operator {_address()}"
    return _address()


def _address() -> str:
    try:
        address = ip_address(request.remote_addr or "")
    except ValueError:
        return "unknown"
    # A household, and a phone, has a whole /64 of version 6 to choose from.
    whole = isinstance(address, IPv6Address) and address.ipv4_mapped is None
    return str(ip_network((address, 64), strict=False)) if whole else str(address)


def _tell(response: Response) -> Response:
    for name, value in g.get("rate_limit", {}).items():
        response.headers.add(name, value)
    return response
