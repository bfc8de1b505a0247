"""HTTP: the learner's words."""

from datetime import UTC, datetime
from typing import Any

from flask import Response

from vorex_sessions.auth.caller import learner_id
from vorex_sessions.recall import schemas, service
from vorex_sessions.web.blueprint import Blueprint, json_response

blueprint = Blueprint("recall", __name__, url_prefix="/api/sessions")


@blueprint.get("/vocabulary")
@blueprint.arguments(schemas.VocabularyQuerySchema(), location="query")
@blueprint.response(200, schemas.VocabularySchema)
def list_words(query: dict[str, Any]) -> Response:
    """List my words, and how well I remember them."""
    return json_response(service.list_words(learner_id(), now=datetime.now(UTC), **query))
