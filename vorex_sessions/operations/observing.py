"""Logs and measures every request, without learner ids, content or tokens."""

import logging
from functools import cache, partial
from time import perf_counter
from typing import cast

from flask import Flask, Response
from prometheus_client import Counter, Histogram
from sqlalchemy.pool import QueuePool

from vorex_sessions import metrics
from vorex_sessions.auth.caller import signed_in
from vorex_sessions.current import current_g, current_request
from vorex_sessions.extensions import db

log = logging.getLogger("vorex_sessions.requests")

_METHODS = frozenset({"GET", "HEAD", "POST", "PATCH", "DELETE", "OPTIONS", "PUT"})


def init_app(app: Flask) -> None:
    """Observe the app's requests and its connection pool."""
    app.before_request(_begin)
    app.after_request(_end)
    with app.app_context():
        _observe_pool(cast(QueuePool, db.engine.pool), app.config["DB_POOL_SIZE"])


def _observe_pool(pool: QueuePool, size: int) -> None:
    """Set the gauge from the pool's own count: a failed reconnect checks in without a checkout."""
    in_use = metrics.CONNECTIONS
    metrics.CONNECTIONS_LIMIT.inc(size)
    db.event.listen(pool, "checkout", lambda *_: in_use.set(pool.checkedout()))
    # The pool still counts a returned connection while its listeners run.
    db.event.listen(pool, "checkin", lambda *_: in_use.set(pool.checkedout() - 1))


def _begin() -> None:
    current_g().began = perf_counter()


def _end(response: Response) -> Response:
    request, known = current_request(), current_g()
    learner = signed_in()
    fields = {
        "request_id": known.request_id,
        # A request for an unknown route may have anything as its path or method.
        "method": request.method if request.method in _METHODS else "other",
        "route": request.url_rule.rule if request.url_rule else "unknown",
        "status": response.status_code,
        "learner": learner and learner.pseudonym,
    }
    observe = partial(_observe, known.began, fields)
    if response.is_streamed:
        response.call_on_close(observe)
    else:
        observe()
    return response


def _observe(began: float, fields: dict[str, str | int | None]) -> None:
    seconds = perf_counter() - began
    requests, duration = _series(fields["method"], fields["route"], fields["status"])
    requests.inc()
    duration.observe(seconds)
    log.info("request", extra={"fields": {**fields, "duration_ms": round(seconds * 1000, 2)}})


@cache  # methods, routes and statuses are few
def _series(*labels: str | int | None) -> tuple[Counter, Histogram]:
    return metrics.REQUESTS.labels(*labels), metrics.DURATION.labels(*labels)
