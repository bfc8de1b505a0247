"""HTTP: the learner's languages."""

from typing import Any

from vorex_sessions.hooks.answers import Asked
from vorex_sessions.languages import schemas, service
from vorex_sessions.web.blueprint import Blueprint

blueprint = Blueprint("languages", __name__, url_prefix="/api/sessions")


@blueprint.answer("/languages", schemas.LanguagesSchema, schemas.LanguagesQuerySchema())
def list_languages(asked: Asked) -> Any:
    """List the languages that I practise, the latest first."""
    return service.list_languages(asked.learner_id, now=asked.now, **asked.query)
