"""HTTP: the overview."""

from datetime import UTC, datetime
from typing import Any

from flask import Response

from vorex_sessions.auth.caller import learner_id
from vorex_sessions.overview import schemas, service
from vorex_sessions.web.blueprint import Blueprint, json_response

blueprint = Blueprint("overview", __name__, url_prefix="/api/sessions")


@blueprint.get("/overview")
@blueprint.arguments(schemas.OverviewQuerySchema(), location="query")
@blueprint.response(200, schemas.OverviewSchema)
def get_overview(query: dict[str, Any]) -> Response:
    """Answer several of my questions at once, as of one moment, for a home screen."""
    return json_response(service.overview(learner_id(), query["parts"], now=datetime.now(UTC)))
