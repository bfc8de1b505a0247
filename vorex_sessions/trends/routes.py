"""HTTP: the trends of scores."""

from datetime import UTC, datetime
from typing import Any

from flask import Response

from vorex_sessions.auth.caller import learner_id
from vorex_sessions.trends import schemas, service
from vorex_sessions.web.blueprint import Blueprint, json_response

blueprint = Blueprint("trends", __name__, url_prefix="/api/sessions")


@blueprint.get("/trends")
@blueprint.arguments(schemas.TrendsQuerySchema(), location="query")
@blueprint.response(200, schemas.TrendsSchema)
def get_trends(query: dict[str, Any]) -> Response:
    """Show whether my scores rise or fall."""
    return json_response(service.show_trends(learner_id(), now=datetime.now(UTC), **query))
