r"""The peer as its users deploy it: limits, metrics, request ids, log lines, security headers, CORS.

Each library is set up as its own documentation does it, in the fastest way that is shown there:

- slowapi: a limit that all reads of a learner share, and one for saves, counted in memory, with headers.
- prometheus-fastapi-instrumentator: its default metrics, added up over the workers as prometheus-client does
  it (PROMETHEUS_MULTIPROC_DIR).
- asgi-correlation-id: an id a request, which structlog's line has, too.
- structlog: the configuration of its page on performance (bytes from orjson, no standard logging).
- secure: its default headers.
- Starlette's CORS, for the origins in CORS_ORIGINS.

The endpoints, their SQL and their arithmetic are those of fastapi_peer.py.

    DATABASE_URL=… SUPABASE_JWT_SECRET=… RATELIMIT_READS=120 RATELIMIT_WRITES=60 \
        uvicorn --factory bench.peers.fastapi_equipped:create_app --workers 2
"""

import logging
import os
from collections.abc import Awaitable, Callable
from time import perf_counter
from typing import Any

import orjson
import structlog
from asgi_correlation_id import CorrelationIdMiddleware, correlation_id
from fastapi import FastAPI, Request, Response
from fastapi.middleware.cors import CORSMiddleware
from prometheus_fastapi_instrumentator import Instrumentator
from secure import Secure
from secure.middleware import SecureASGIMiddleware
from slowapi import Limiter, _rate_limit_exceeded_handler
from slowapi.errors import RateLimitExceeded
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bench.peers import fastapi_peer as bare

_Endpoint = Callable[..., Awaitable[Response]]


def create_app(save: _Endpoint = bare.save) -> FastAPI:
    """Return the app, with this endpoint for saves."""
    _configure_logs()
    app = FastAPI(lifespan=bare.lifespan)
    _add_endpoints(app, save)
    Instrumentator().instrument(app).expose(app)
    app.add_middleware(_RequestLog)
    app.add_middleware(SecureASGIMiddleware, secure=Secure.with_default_headers())
    if origins := os.environ.get("CORS_ORIGINS"):
        app.add_middleware(
            CORSMiddleware,
            allow_origins=origins.split(","),
            allow_methods=["*"],
            allow_headers=["*"],
            expose_headers=["X-Request-ID"],
        )
    app.add_middleware(CorrelationIdMiddleware)  # the last one is the outermost
    return app


def _add_endpoints(app: FastAPI, save: _Endpoint) -> None:
    """Add the endpoints, each behind its limit."""
    limiter = Limiter(key_func=_learner, headers_enabled=True, storage_uri="memory://")
    app.state.limiter = limiter
    app.add_exception_handler(RateLimitExceeded, _rate_limit_exceeded_handler)
    reads, writes = (
        limiter.shared_limit(f"{os.environ[f'RATELIMIT_{kind.upper()}']}/minute", scope=kind)
        for kind in ("reads", "writes")
    )
    app.post("/api/sessions/save")(writes(save))
    app.get("/api/sessions/history")(reads(bare.history))
    app.get("/api/sessions/stats")(reads(bare.stats))
    app.get("/api/sessions/warmup")(reads(bare.warmup))


def _learner(request: Request) -> str:
    return str(request.state.learner)


def _configure_logs() -> None:
    structlog.configure(
        cache_logger_on_first_use=True,
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        processors=[
            _add_request_id,
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(serializer=orjson.dumps),
        ],
        logger_factory=structlog.BytesLoggerFactory(),
    )


def _add_request_id(_logger: object, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    event["request_id"] = correlation_id.get()
    return event


class _RequestLog:
    """Logs each request: plain ASGI, since Starlette's own base class for middleware costs more."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._log = structlog.get_logger()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = perf_counter(), 500

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, sending)
        finally:
            route = scope.get("route")
            learner = scope.get("state", {}).get("learner")
            self._log.info(
                "request",
                method=scope["method"],
                route=route.path if route else "unknown",
                status=status,
                learner=learner and str(learner),
                duration_ms=round((perf_counter() - began) * 1000, 2),
            )
