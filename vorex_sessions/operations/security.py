"""Response headers for browsers: no framing, sniffing or caching, and CORS."""

from flask import Flask, Response
from flask_cors import CORS
from werkzeug.middleware.proxy_fix import ProxyFix

from vorex_sessions.current import current_request

_API_POLICY = "default-src 'none'; frame-ancestors 'none'"
# Swagger UI and Redoc use inline styles, `data:` images and a worker from a `blob:`.
_PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self' data:; connect-src 'self'; worker-src blob:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_CORS = {
    "allow_headers": [
        "Authorization",
        "Content-Encoding",
        "Content-Type",
        "Idempotency-Key",
        "If-Match",
        "If-None-Match",
        "X-Request-ID",
        # Tracing libraries add these to every request; without them a traced app could not call us.
        "baggage",
        "sentry-trace",
        "traceparent",
        "tracestate",
    ],
    "expose_headers": [
        "Content-Disposition",
        "Date",
        "ETag",
        "Idempotency-Replayed",
        "Location",
        "RateLimit",
        "RateLimit-Policy",
        "Retry-After",
        "X-Request-ID",
    ],
    "methods": ["GET", "POST", "PUT", "PATCH", "DELETE"],
    "max_age": 600,  # seconds
}


def init_app(app: Flask) -> None:
    """Add the headers, CORS for the configured origins, and trust in the configured number of proxies."""
    app.after_request(_add_headers)
    if origins := app.config["CORS_ORIGINS"]:
        CORS(app, resources={r"/api/*": {"origins": origins, **_CORS}})
    if hops := app.config["TRUSTED_PROXIES"]:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops)  # type: ignore[method-assign]  # Flask's way


def _add_headers(response: Response) -> Response:
    headers = response.headers
    headers.add("X-Content-Type-Options", "nosniff")
    if current_request().path.startswith("/api/"):
        headers.add("Content-Security-Policy", _API_POLICY)
        headers.add("Cache-Control", "no-store")  # it is personal, and soon outdated
    elif (response.content_type or "").startswith("text/html"):
        headers.setdefault("Content-Security-Policy", _PAGE_POLICY)
        headers.setdefault("Referrer-Policy", "no-referrer")
    else:
        headers.add("Content-Security-Policy", _API_POLICY)
    return response
