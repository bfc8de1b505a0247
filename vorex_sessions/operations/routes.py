"""HTTP: health, readiness and metrics. They need no token and have no rate limit."""

from flask import Response, request

from vorex_sessions import metrics
from vorex_sessions.operations import readiness, schemas
from vorex_sessions.problems.kinds import NotFound, Unavailable
from vorex_sessions.web.blueprint import OpenBlueprint, component_name, json_response

blueprint = OpenBlueprint("operations", __name__, tag="Operations")


@blueprint.get("/healthz")
@blueprint.response(200, schemas.StatusSchema)
def get_health() -> Response:
    """Check whether the process responds; checks nothing else."""
    return json_response({"status": "ok"})


@blueprint.get("/readyz")
@blueprint.response(200, schemas.StatusSchema)
@blueprint.alt_response(503, component_name(Unavailable))
def get_readiness() -> Response:
    """Check whether the service is ready: database and schema are available."""
    readiness.check()
    return json_response({"status": "ok"})


@blueprint.get("/metrics")
@blueprint.response(200, {"type": "string"}, content_type="text/plain")
def get_metrics() -> Response:
    """Show the metrics of all workers in Prometheus' text format."""
    # Another spelling (//metrics, /%6detrics) would pass a proxy's rule for this address.
    if request.environ.get("RAW_URI", request.path).partition("?")[0] != request.path:
        raise NotFound
    return Response(metrics.page(), content_type=metrics.CONTENT_TYPE)
