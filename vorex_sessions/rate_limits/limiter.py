"""Limits the reads and writes per minute of a learner or, without one, of an address.

Sends `RateLimit` and `RateLimit-Policy` as in draft-ietf-httpapi-ratelimit-headers-10. Requests are
allowed while the counter is unavailable.
"""

import logging
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any, TypeVar

from flask import Flask, Request, Response

from vorex_sessions import metrics
from vorex_sessions.auth.caller import Caller
from vorex_sessions.current import current_flask, current_g, current_request
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


_policy = cache(Policy)  # kinds and quotas are few


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
    request, app, known = current_request(), current_flask(), current_g()
    # A browser's preflight is not the learner's request, and the app could not read a 429 to it.
    if request.endpoint in _EXEMPT or request.method == "OPTIONS":
        return
    kind = _kind(request, app)
    policy = _policy(kind, app.config[f"RATELIMIT_{kind.upper()}"])
    counter: Counter = app.extensions[_COUNTER]
    try:
        count, seconds_left = counter.hit(
            f"vorex:{kind}:{_client_key(request, known.get('caller'))}"
        )
    except CounterUnavailable as reason:
        metrics.UNCOUNTED.inc()
        log.warning("requests are not counted: %s", reason)
        return
    known.rate_limit = policy.headers(count, seconds_left)
    if count > policy.quota:
        raise QuotaExceeded(kind, policy.quota, math.ceil(seconds_left))


def _kind(request: Request, app: Flask) -> str:
    if request.method in _READ_METHODS:
        return "reads"
    view = app.view_functions.get(request.endpoint or "")
    return str(getattr(view, _KIND, "writes"))


def _client_key(request: Request, caller: object) -> str:
    """Return the learner's pseudonym, else the address; an operator does not share it with other callers."""
    if isinstance(caller, Caller):
        return caller.pseudonym or f"operator {_address(request)}"
    return _address(request)


def _address(request: Request) -> str:
    try:
        address = ip_address(request.remote_addr or "")
    except ValueError:
        return "unknown"
    # A household or a phone can use every IPv6 address of its /64.
    is_ipv6 = isinstance(address, IPv6Address) and address.ipv4_mapped is None
    return str(ip_network((address, 64), strict=False)) if is_ipv6 else str(address)


def _add_headers(response: Response) -> Response:
    for name, value in current_g().get("rate_limit", {}).items():
        response.headers.add(name, value)
    return response
