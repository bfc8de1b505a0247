"""HTTP: health, readiness and metrics. They need no token and have no rate limit."""

from flask import Response

from vorex_sessions import metrics
from vorex_sessions.operations import readiness, schemas
from vorex_sessions.problems.kinds import Unavailable
from vorex_sessions.web.blueprint import OpenBlueprint, component_name, json_response

blueprint = OpenBlueprint("operations", __name__, tag="Operations")


@blueprint.get("/healthz")
@blueprint.response(200, schemas.StatusSchema)
def show_health() -> Response:
    """Check whether the process responds; checks nothing else."""
    return json_response({"status": "ok"})


@blueprint.get("/readyz")
@blueprint.response(200, schemas.StatusSchema)
@blueprint.alt_response(503, component_name(Unavailable))
def show_readiness() -> Response:
    """Check whether the service is ready: database and schema are available."""
    readiness.check()
    return json_response({"status": "ok"})


@blueprint.get("/metrics")
@blueprint.response(200, {"type": "string"}, content_type="text/plain")
def show_metrics() -> Response:
    """Show the metrics of all workers in Prometheus' text format."""
    return Response(metrics.page(), content_type=metrics.CONTENT_TYPE)
