"""HTTP: the graph of skills."""

from typing import Any

from flask import Response

from vorex_sessions.auth.caller import learner_id
from vorex_sessions.skills import schemas, service
from vorex_sessions.web.blueprint import Blueprint, json_response

blueprint = Blueprint("skills", __name__, url_prefix="/api/sessions")


@blueprint.get("/skills")
@blueprint.arguments(schemas.SkillsQuerySchema(), location="query")
@blueprint.response(200, schemas.SkillsSchema)
def get_skills(query: dict[str, Any]) -> Response:
    """Show how well I master each skill, and what to work on."""
    return json_response(service.show_skills(learner_id(), **query))
