"""HTTP: streak and achievements."""

from datetime import UTC, datetime
from typing import Any

from flask import Response

from vorex_sessions.auth.caller import learner_id
from vorex_sessions.growth import schemas, service
from vorex_sessions.web.blueprint import Blueprint, json_response

blueprint = Blueprint("growth", __name__, url_prefix="/api/sessions")


@blueprint.get("/streak")
@blueprint.arguments(schemas.StreakQuerySchema(), location="query")
@blueprint.response(200, schemas.StreakPageSchema)
def get_streak(query: dict[str, Any]) -> Response:
    """Show my streak, and the last 28 days."""
    return json_response(service.show_streak(learner_id(), now=datetime.now(UTC), **query))


@blueprint.get("/achievements")
@blueprint.response(200, schemas.AchievementsSchema)
def list_achievements() -> Response:
    """List all achievements, with my progress."""
    return json_response(service.list_achievements(learner_id()))
