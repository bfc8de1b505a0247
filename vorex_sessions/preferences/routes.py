"""HTTP: the learner's calendar and goals."""

from datetime import UTC, datetime
from typing import Any

from flask import Response

from vorex_sessions.auth.caller import learner_id
from vorex_sessions.hooks.answers import Asked
from vorex_sessions.preferences import schemas, service
from vorex_sessions.problems.kinds import Gone
from vorex_sessions.web.blueprint import Blueprint, component_name, json_response

blueprint = Blueprint("preferences", __name__, url_prefix="/api/sessions")


@blueprint.answer("/preferences", schemas.SetPreferencesSchema)
def get_preferences(asked: Asked) -> Any:
    """Show my calendar and goals."""
    return service.show_preferences(asked.learner_id)


@blueprint.put("/preferences")
@blueprint.arguments(schemas.PreferencesSchema(), example=schemas.EXAMPLE)
@blueprint.response(200, schemas.SetPreferencesSchema)
@blueprint.alt_response(410, component_name(Gone))
def set_preferences(values: dict[str, Any]) -> Response:
    """Replace my calendar and goals, from today on."""
    return json_response(service.set_preferences(learner_id(), values, now=datetime.now(UTC)))
