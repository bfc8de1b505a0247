"""HTTP: erase everything."""

from datetime import UTC, datetime
from typing import Any

from flask import Response

from vorex_sessions.auth import learner_id
from vorex_sessions.blueprint import Blueprint, answer
from vorex_sessions.privacy import schemas, service

blueprint = Blueprint("privacy", __name__, url_prefix="/api/sessions")


@blueprint.delete("")
@blueprint.arguments(schemas.EraseQuerySchema(), location="query")
@blueprint.response(200, schemas.ErasedSchema)
def erase(query: dict[str, Any]) -> Response:
    """Erase everything that is stored about me, for good."""
    return answer({"deleted": service.erase(learner_id(), now=datetime.now(UTC))})
