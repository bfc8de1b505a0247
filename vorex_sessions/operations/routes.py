"""HTTP: health, readiness and metrics. They need no token and have no rate limit."""

from contextlib import suppress
from hmac import compare_digest

from flask import Response, request
from sqlalchemy.exc import SQLAlchemyError

from vorex_sessions import metrics
from vorex_sessions.cohorts.service import latest_snapshot
from vorex_sessions.events.status import waiting_since
from vorex_sessions.flask_config import setting
from vorex_sessions.insights.model_words import ASKED, model_use
from vorex_sessions.operations import readiness, schemas
from vorex_sessions.problems.kinds import NotFound, NotSignedIn, Unavailable
from vorex_sessions.web.blueprint import OpenBlueprint, component_name, json_response

blueprint = OpenBlueprint("operations", __name__, tag="Operations")


@blueprint.get("/healthz")
@blueprint.response(200, schemas.StatusSchema)
def get_health() -> Response:
    """Check whether the process responds; checks nothing else."""
    return json_response({"status": "ok"})


@blueprint.get("/readyz")
@blueprint.response(200, schemas.ReadinessSchema)
@blueprint.alt_response(503, component_name(Unavailable))
def get_readiness() -> Response:
    """Check whether the service is ready: database and schema are available."""
    readiness.check()
    return json_response({"status": "ok", **readiness.standby(), **readiness.machines()})


@blueprint.get("/metrics")
@blueprint.response(200, {"type": "string"}, content_type="text/plain")
@blueprint.alt_response(401, component_name(NotSignedIn))
def get_metrics() -> Response:
    """Show the metrics of all workers in Prometheus' text format; with METRICS_TOKEN, if that is set."""
    # Another spelling (//metrics, /%6detrics) would pass a proxy's rule for this address.
    if request.environ.get("RAW_URI", request.path).partition("?")[0] != request.path:
        raise NotFound
    if token := setting("METRICS_TOKEN"):
        _require(token)
    with suppress(SQLAlchemyError):  # metrics are there without the database, too
        readiness.standby()
        if begun := latest_snapshot():
            metrics.SNAPSHOT.set(begun.timestamp())
        for name, since in waiting_since().items():
            metrics.EVENTS_WAIT_SINCE.labels(name).set(since)
        for outcome, answers, tokens in model_use():
            if outcome == ASKED:
                metrics.MODEL_TOKENS.set(tokens)
            else:
                metrics.MODEL_ANSWERS.labels(outcome).set(answers)
    return Response(metrics.page(), content_type=metrics.CONTENT_TYPE)


def _require(token: str) -> None:
    """Raise NotSignedIn unless the request has this bearer token."""
    scheme, _, sent = request.headers.get("Authorization", "").strip().partition(" ")
    is_it = compare_digest(sent.strip().encode(), token.encode())
    if scheme.lower() != "bearer" or not is_it:
        raise NotSignedIn(
            "Send the service's METRICS_TOKEN in the header `Authorization: Bearer <token>`.",
            headers={"WWW-Authenticate": "Bearer"},
        )
