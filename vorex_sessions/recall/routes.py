"""HTTP: the learner's words."""

from typing import Any

from vorex_sessions.hooks.answers import Asked
from vorex_sessions.recall import schemas, service
from vorex_sessions.web.blueprint import Blueprint

blueprint = Blueprint("recall", __name__, url_prefix="/api/sessions")


@blueprint.answer("/vocabulary", schemas.VocabularySchema, schemas.VocabularyQuerySchema())
def list_words(asked: Asked) -> Any:
    """List my words, and how well I remember them."""
    return service.list_words(asked.learner_id, now=asked.now, **asked.query)
