"""HTTP: health, readiness and metrics. No token is asked for, nothing is counted."""

from flask import Response

from vorex_sessions import metrics
from vorex_sessions.operations import readiness, schemas
from vorex_sessions.problems.kinds import Unavailable
from vorex_sessions.web.blueprint import OpenBlueprint, component_name, json_response

blueprint = OpenBlueprint("operations", __name__, tag="Operations")


@blueprint.get("/healthz")
@blueprint.response(200, schemas.StatusSchema)
def show_health() -> Response:
    """Tell whether the process answers; touches nothing else."""
    return json_response({"status": "ok"})


@blueprint.get("/readyz")
@blueprint.response(200, schemas.StatusSchema)
@blueprint.alt_response(503, component_name(Unavailable))
def show_readiness() -> Response:
    """Tell whether the service can do its work: database and schema are there."""
    readiness.check()
    return json_response({"status": "ok"})


@blueprint.get("/metrics")
@blueprint.response(200, {"type": "string"}, content_type="text/plain")
def show_metrics() -> Response:
    """Show what is measured, over all workers, in Prometheus' text format."""
    return Response(metrics.page(), content_type=metrics.CONTENT_TYPE)
