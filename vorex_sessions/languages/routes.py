"""HTTP: the learner's languages."""

from datetime import UTC, datetime
from typing import Any

from flask import Response

from vorex_sessions.auth.caller import learner_id
from vorex_sessions.languages import schemas, service
from vorex_sessions.web.blueprint import Blueprint, json_response

blueprint = Blueprint("languages", __name__, url_prefix="/api/sessions")


@blueprint.get("/languages")
@blueprint.arguments(schemas.LanguagesQuerySchema(), location="query")
@blueprint.response(200, schemas.LanguagesSchema)
def list_languages(query: dict[str, Any]) -> Response:
    """List the languages that I practise, the latest first."""
    return json_response(service.list_languages(learner_id(), now=datetime.now(UTC), **query))
