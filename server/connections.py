"""Metrics of a worker's connections. Import it only after server/shared_values.py is installed."""

from prometheus_client import Counter, Gauge

OPEN = Gauge("vorex_http_connections", "Open HTTP connections.", multiprocess_mode="livesum")
CLOSED_IDLE = Counter(
    "vorex_http_connections_closed_total", "Idle connections closed because too many were open."
)
REFUSED = Counter(
    "vorex_http_malformed_total",
    "Requests that were not valid HTTP, by the status of the answer.",
    ("status",),
)
GIVEN_UP = Counter(
    "vorex_http_bodies_given_up_total",
    "Request bodies that were given up while there was no room for others.",
)
