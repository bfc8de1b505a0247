"""Metrics for Prometheus, never labelled by learner.

Under gunicorn they are in shared memory (server/shared_metrics.py), and each worker can return those of all.
"""

from prometheus_client import CONTENT_TYPE_LATEST, Counter, Gauge, Histogram

from server import shared_values

CONTENT_TYPE = CONTENT_TYPE_LATEST

_REQUEST = ("method", "route", "status")
REQUESTS = Counter("vorex_http_requests_total", "Requests answered.", _REQUEST)
DURATION = Histogram(
    "vorex_http_request_duration_seconds",
    "Time from the start of a request to the end of its response.",
    _REQUEST,
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 30),
)
SAVES = Counter(
    "vorex_session_saves_total",
    "Session results sent, alone or in batches: created, replayed, or rejected. Rejected are different "
    "content under the same id, deleted sessions and, in a batch, invalid values.",
    ("outcome",),
)
UNCOUNTED = Counter(
    "vorex_rate_limit_uncounted_total", "Requests not limited because Redis was unavailable."
)
TOKENS = Counter(
    "vorex_access_tokens_total",
    "Valid access tokens of requests: verified, or remembered from the last minute.",
    ("how",),
)
KEY_FETCHES = Counter(
    "vorex_jwks_fetches_total", "Fetches of the published keys: succeeded, failed.", ("outcome",)
)
EXPORTS = Gauge("vorex_exports_running", "Downloads in progress.", multiprocess_mode="livesum")
CONNECTIONS = Gauge(
    "vorex_db_connections_in_use", "Database connections in use.", multiprocess_mode="livesum"
)
CONNECTIONS_LIMIT = Gauge(
    "vorex_db_connections_limit",
    "Maximum database connections in use at once.",
    multiprocess_mode="livesum",
)
STANDBY_READS = Counter(
    "vorex_standby_reads_total",
    "Reads that may lag, where there is a standby: answered by it, or why by the primary: behind, own_write "
    "(it lacks a change of the learner), stale, away, busy, failed.",
    ("outcome",),
)
STANDBY_REPLAYED = Gauge(
    "vorex_standby_replayed_timestamp_seconds",
    "The instant up to which the standby has everything; 0 where that was never known.",
    multiprocess_mode="max",
)
SOCKETS = Gauge("vorex_live_sockets", "Open sockets of live sessions.", multiprocess_mode="livesum")
SOCKET_MESSAGES = Counter(
    "vorex_live_messages_total", "Messages from sockets of live sessions, by type.", ("type",)
)
SOCKETS_CLOSED = Counter(
    "vorex_live_sockets_closed_total",
    "Sockets of live sessions that have ended, by close code; 1006: without a word.",
    ("code",),
)
SNAPSHOT = Gauge(
    "vorex_cohort_snapshot_timestamp_seconds",
    "Start of the last complete comparison snapshot; 0 before the first.",
    multiprocess_mode="max",
)
FEEDBACK = Counter(
    "vorex_insight_feedback_total", "Verdicts of learners on insights.", ("kind", "verdict")
)
MODEL_ANSWERS = Gauge(
    "vorex_insight_model_answers",
    "Answers of the language model that words insights, ever: accepted, away, or why the gate refused them.",
    ("outcome",),
    multiprocess_mode="max",
)
MODEL_TOKENS = Gauge(
    "vorex_insight_model_tokens",
    "Tokens that the language model has used, ever.",
    multiprocess_mode="max",
)

EVENTS_WAIT_SINCE = Gauge(
    "vorex_events_waiting_since_timestamp_seconds",
    "Since when the event that has waited longest for a destination waits; now where none does.",
    ("destination",),
    multiprocess_mode="max",
)


def page() -> bytes:
    """Return all metrics in Prometheus' text format."""
    return shared_values.page()
