"""HTTP: the operator's back end pulls events."""

from typing import Any

from flask import Response

from vorex_sessions.auth.caller import require_operator
from vorex_sessions.events import schemas, service
from vorex_sessions.problems.kinds import NotFound
from vorex_sessions.web.blueprint import Blueprint, component_name, json_response

blueprint = Blueprint(
    "events", __name__, url_prefix="/api/admin", tag="Operations", guard=require_operator
)


@blueprint.get("/events")
@blueprint.arguments(schemas.EventsQuerySchema(), location="query")
@blueprint.response(200, schemas.EventsSchema)
@blueprint.alt_response(404, component_name(NotFound))
def list_events(query: dict[str, Any]) -> Response:
    """List what has happened to learners' data, oldest first."""
    return json_response(service.list_events(**query))
