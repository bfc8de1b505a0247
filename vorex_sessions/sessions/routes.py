"""HTTP: save, and the history."""

from datetime import UTC, datetime
from typing import Any

from flask import Response

from vorex_sessions.auth import learner_id
from vorex_sessions.blueprint import Blueprint, answer
from vorex_sessions.sessions import history, schemas, service

blueprint = Blueprint("sessions", __name__, url_prefix="/api/sessions")

_LOCATION = {
    "Location": {
        "description": "Where the stored session result is.",
        "schema": {"type": "string"},
        "example": "/api/sessions/3f0c9f6e-7a41-4c54-9f0b-2f6d5f3f7f10",
    }
}


@blueprint.post("/save")
@blueprint.arguments(schemas.SaveSchema())
@blueprint.response(201, schemas.SessionResultSchema, headers=_LOCATION)
def save(content: dict[str, Any]) -> Response:
    """Save a finished practice session."""
    stored = service.save(learner_id(), content, now=datetime.now(UTC))
    location = f"/api/sessions/{stored['session_result_id']}"
    return answer(stored, 201, {"Location": location})


@blueprint.get("/history")
@blueprint.arguments(schemas.HistoryQuerySchema(), location="query")
@blueprint.response(200, schemas.HistorySchema)
def list_history(query: dict[str, Any]) -> Response:
    """List my sessions, newest first."""
    return answer(history.page(learner_id(), **query))
