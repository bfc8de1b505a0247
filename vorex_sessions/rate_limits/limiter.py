"""Limits the reads and writes per minute of a learner or, without one, of an address.

Sends `RateLimit` and `RateLimit-Policy` as in draft-ietf-httpapi-ratelimit-headers-10. Requests are
allowed while the counter is unavailable.
"""

import logging
import math
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any, TypeVar

from flask import Flask, Response, current_app, g, request

from vorex_sessions import metrics
from vorex_sessions.auth.caller import Caller
from vorex_sessions.auth.pseudonyms import pseudonym
from vorex_sessions.problems.kinds import QuotaExceeded
from vorex_sessions.rate_limits.in_memory import WINDOW, Counter, CounterUnavailable, MemoryCounter

log = logging.getLogger(__name__)

_READ_METHODS = frozenset({"GET", "HEAD"})
_EXEMPT = frozenset({"operations.get_health", "operations.get_readiness", "operations.get_metrics"})
_COUNTER = "vorex-request-counter"
_KIND = "vorex_quota"  # the attribute of a view that `counted_as` sets
F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Policy:
    """The number of requests of a kind that a window allows."""

    name: str
    quota: int

    def headers(self, count: int, seconds_left: float) -> dict[str, str]:
        """Return the response headers after `count` requests, `seconds_left` before the window ends."""
        remaining = max(0, self.quota - count)
        return {
            "RateLimit-Policy": f'"{self.name}";q={self.quota};w={WINDOW}',
            "RateLimit": f'"{self.name}";r={remaining};t={math.ceil(seconds_left)}',
        }


def counted_as(kind: str) -> Callable[[F], F]:
    """Decorate a view whose requests have a limit of their own, the setting RATELIMIT_<KIND>."""

    def decorate(view: F) -> F:
        setattr(view, _KIND, kind)
        return view

    return decorate


def init_app(app: Flask) -> None:
    """Count every request before its endpoint runs, except those that monitor the service."""
    if app.config["RATELIMIT_ENABLED"]:
        app.extensions[_COUNTER] = _counter(app.config["RATELIMIT_STORAGE_URI"])
        app.before_request(_count)
        app.after_request(_add_headers)


def _counter(address: str) -> Counter:
    """Return the counter at `memory://` or in a Redis. Raises SettingError for unknown options of Redis."""
    if address == "memory://":
        return MemoryCounter()
    from vorex_sessions.rate_limits.redis import RedisCounter  # 6 MB per worker, only if used

    return RedisCounter(address)


def _count() -> None:
    # A browser's preflight is not the learner's request, and the app could not read a 429 to it.
    if request.endpoint in _EXEMPT or request.method == "OPTIONS":
        return
    kind = _kind()
    policy = Policy(kind, current_app.config[f"RATELIMIT_{kind.upper()}"])
    counter: Counter = current_app.extensions[_COUNTER]
    try:
        count, seconds_left = counter.hit(f"vorex:{kind}:{_client_key()}")
    except CounterUnavailable as reason:
        metrics.UNCOUNTED.inc()
        log.warning("requests are not counted: %s", reason)
        return
    g.rate_limit = policy.headers(count, seconds_left)
    if count > policy.quota:
        raise QuotaExceeded(kind, policy.quota, math.ceil(seconds_left))


def _kind() -> str:
    view = current_app.view_functions.get(request.endpoint or "")
    kind = getattr(view, _KIND, "writes")
    return "reads" if request.method in _READ_METHODS else str(kind)


def _client_key() -> str:
    """Return the learner's pseudonym, else the address; an operator does not share it with other callers."""
    if isinstance(caller := g.get("caller"), Caller):
        return pseudonym(caller.learner_id) if caller.learner_id else f"operator {_address()}"
    return _address()


def _address() -> str:
    try:
        address = ip_address(request.remote_addr or "")
    except ValueError:
        return "unknown"
    # A household or a phone can use every IPv6 address of its /64.
    is_ipv6 = isinstance(address, IPv6Address) and address.ipv4_mapped is None
    return str(ip_network((address, 64), strict=False)) if is_ipv6 else str(address)


def _add_headers(response: Response) -> Response:
    for name, value in g.get("rate_limit", {}).items():
        response.headers.add(name, value)
    return response
