"""HTTP: the graph of skills."""

from flask import Response

from vorex_sessions.auth.caller import learner_id
from vorex_sessions.skills import schemas, service
from vorex_sessions.web.blueprint import Blueprint, json_response

blueprint = Blueprint("skills", __name__, url_prefix="/api/sessions")


@blueprint.get("/skills")
@blueprint.response(200, schemas.SkillsSchema)
def get_skills() -> Response:
    """Show how well I master each skill, and what to work on."""
    return json_response(service.show_skills(learner_id()))
