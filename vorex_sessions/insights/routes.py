"""HTTP: insights, and what the learner sets for them and says of them."""

from datetime import UTC, datetime
from typing import Any

from flask import Response

from vorex_sessions.auth.caller import learner_id
from vorex_sessions.hooks.answers import Asked
from vorex_sessions.insights import schemas, service
from vorex_sessions.problems.kinds import Gone, NotFound
from vorex_sessions.web.blueprint import Blueprint, component_name, json_response

blueprint = Blueprint("insights", __name__, url_prefix="/api/sessions")

_ID = {
    "in": "path",
    "name": "insight_id",
    "required": True,
    "description": "The insight's id.",
    "schema": {
        "type": "string",
        "pattern": service.ID_PATTERN,
        "example": schemas.EXAMPLE_ID,
    },
}


@blueprint.answer("/insights", schemas.InsightsSchema, schemas.InsightsQuerySchema())
def get_insights(asked: Asked) -> Any:
    """Tell me what is worth knowing about my practice, with the facts."""
    return service.show_insights(asked.learner_id, now=asked.now, **asked.query)


@blueprint.put("/insights/preferences")
@blueprint.arguments(schemas.InsightPreferencesSchema())
@blueprint.response(200, schemas.ChosenInsightsSchema)
@blueprint.alt_response(410, component_name(Gone))
def set_insight_preferences(values: dict[str, Any]) -> Response:
    """Choose the tone of insights, and whether a language model may word them."""
    return json_response(service.set_preferences(learner_id(), values, now=datetime.now(UTC)))


@blueprint.post("/insights/<insight_id>/feedback", parameters=[_ID])
@blueprint.arguments(schemas.InsightFeedbackSchema())
@blueprint.response(200, schemas.GivenInsightFeedbackSchema)
@blueprint.alt_response(404, component_name(NotFound))
@blueprint.alt_response(410, component_name(Gone))
def give_insight_feedback(feedback: dict[str, Any], insight_id: str) -> Response:
    """Say what I think of an insight, or hide it for good."""
    given = service.give_feedback(learner_id(), insight_id, now=datetime.now(UTC), **feedback)
    return json_response(given)
