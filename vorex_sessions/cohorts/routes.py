"""HTTP: joining and leaving comparisons, and their result."""

from typing import Any

from flask import Response

from vorex_sessions.auth.caller import learner_id
from vorex_sessions.cohorts import schemas, service
from vorex_sessions.hooks.answers import Asked
from vorex_sessions.problems.kinds import Gone
from vorex_sessions.web.blueprint import Blueprint, component_name, json_response

blueprint = Blueprint("cohorts", __name__, url_prefix="/api/sessions")


@blueprint.put("/comparison")
@blueprint.arguments(schemas.ChoiceSchema())
@blueprint.response(200, schemas.ChosenSchema)
@blueprint.alt_response(410, component_name(Gone))
def choose_comparison(choice: dict[str, Any]) -> Response:
    """Join or leave comparisons."""
    return json_response(service.take_part(learner_id(), **choice))


@blueprint.answer("/comparison", schemas.ComparisonSchema, schemas.ComparisonQuerySchema())
def get_comparison(asked: Asked) -> Any:
    """Compare me with the learners of my level who take part."""
    return service.compare(asked.learner_id, now=asked.now, **asked.query)
