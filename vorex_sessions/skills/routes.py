"""HTTP: the graph of skills."""

from typing import Any

from vorex_sessions.hooks.answers import Asked
from vorex_sessions.skills import schemas, service
from vorex_sessions.web.blueprint import Blueprint

blueprint = Blueprint("skills", __name__, url_prefix="/api/sessions")


@blueprint.answer("/skills", schemas.SkillsSchema, schemas.SkillsQuerySchema())
def get_skills(asked: Asked) -> Any:
    """Show how well I master each skill, and what to work on."""
    return service.show_skills(asked.learner_id, **asked.query)
