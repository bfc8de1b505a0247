"""What is counted and timed for Prometheus. Never labelled by learner.

Under gunicorn all workers write to the folder PROMETHEUS_MULTIPROC_DIR (gunicorn.conf.py sets it), and
any of them answers for all.
"""

import os

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
    multiprocess,
)

CONTENT_TYPE = CONTENT_TYPE_LATEST

_REQUEST = ("method", "route", "status")
REQUESTS = Counter("vorex_http_requests_total", "Requests answered.", _REQUEST)
DURATION = Histogram(
    "vorex_http_request_duration_seconds",
    "Time from the first look at a request to the end of its answer.",
    _REQUEST,
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 30),
)
SAVES = Counter(
    "vorex_session_saves_total",
    "Session results that were sent, alone or in batches: created, replayed, or rejected, which is for "
    "another content under the same id, for what was deleted and, in a batch, for a broken rule.",
    ("outcome",),
)
UNCOUNTED = Counter(
    "vorex_rate_limit_uncounted_total", "Requests let through because Redis was away."
)
TOKENS = Counter(
    "vorex_access_tokens_total",
    "Good access tokens that requests brought: verified now, or remembered from the minute before.",
    ("how",),
)
KEY_FETCHES = Counter(
    "vorex_jwks_fetches_total", "Fetches of the published keys: succeeded, failed.", ("outcome",)
)
EXPORTS = Gauge(
    "vorex_exports_running", "Downloads that are under way.", multiprocess_mode="livesum"
)
CONNECTIONS = Gauge(
    "vorex_db_connections_in_use",
    "Database connections that are answering a request.",
    multiprocess_mode="livesum",
)
CONNECTIONS_MOST = Gauge(
    "vorex_db_connections_limit",
    "Database connections that may be in use at once.",
    multiprocess_mode="livesum",
)
SNAPSHOT = Gauge(
    "vorex_cohort_snapshot_timestamp_seconds",
    "When the last whole snapshot of comparisons began, as of the last answer that rests on it; 0 before.",
    multiprocess_mode="max",
)


def page() -> bytes:
    """Everything measured, in Prometheus' text format."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # the library's
    return generate_latest(registry)
