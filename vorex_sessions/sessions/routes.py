"""HTTP: save, batch, show, correct, delete, history."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from flask import Response

from vorex_sessions.auth.caller import learner_id
from vorex_sessions.hooks.answers import Asked
from vorex_sessions.problems.kinds import ChangedMeanwhile, Conflict, Gone, NotFound, Problem
from vorex_sessions.sessions import (
    changes,
    changes_schemas,
    history,
    history_schemas,
    saved_schemas,
    schemas,
    service,
)
from vorex_sessions.sessions.entries import Outcome
from vorex_sessions.web.answer_fields import SESSION_ID
from vorex_sessions.web.blueprint import Blueprint, body_limit, component_name, json_response
from vorex_sessions.web.conditional import expected_version, version_tag
from vorex_sessions.web.requests import KEY_HEADER, idempotency_key

blueprint = Blueprint("sessions", __name__, url_prefix="/api/sessions")

BATCH_LIMIT = 4 * 1024 * 1024  # bytes
_REPLAYED = "Idempotency-Replayed"
_VERSION_HEADER = {
    "ETag": {
        "description": "The session's `version`, in quotes; for `If-Match`.",
        "schema": {"type": "string"},
        "example": '"17"',
    }
}
_SAVED_HEADERS = _VERSION_HEADER | {
    "Location": {
        "description": "The address of the stored session result.",
        "schema": {"type": "string"},
        "example": f"/api/sessions/{SESSION_ID}",
    }
}
_REPLAYED_HEADERS = _SAVED_HEADERS | {
    _REPLAYED: {
        "description": "`true`: the same session was saved before.",
        "schema": {"type": "string", "enum": ["true"]},
    }
}
_KEY = {
    "in": "header",
    "name": KEY_HEADER,
    "required": False,
    "description": (
        "A string that the app chooses, unique to this save, for example `lesson-12-try-1`. The same "
        "save sent again with the same key stores nothing twice. A single save has either a key or a "
        "`session_result_id`."
    ),
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
}
_ID = {
    "in": "path",
    "name": "session_result_id",
    "required": True,
    "description": "The session result's id.",
    "schema": {"type": "string", "format": "uuid", "example": SESSION_ID},
}
_IF_MATCH = {
    "in": "header",
    "name": "If-Match",
    "required": False,
    "description": 'The `ETag` of the session as the app knows it, for example `"17"`. If it was changed '
    "since, the answer is 412 and nothing is changed. Without it, the last change wins.",
    "schema": {"type": "string"},
}
_BY_ID = "/<uuid:session_result_id>"


@blueprint.post("/save")
@blueprint.arguments(schemas.SaveSchema(), example=schemas.SAVE_EXAMPLE)
@blueprint.response(201, saved_schemas.SavedSchema, headers=_SAVED_HEADERS)
@blueprint.alt_response(
    200,
    schema=saved_schemas.SavedSchema,
    description="The same session was saved before: the stored result as it is now",
    headers=_REPLAYED_HEADERS,
    success=True,
)
@blueprint.alt_response(409, component_name(Conflict))
@blueprint.alt_response(410, component_name(Gone))
@blueprint.doc(parameters=[_KEY])
def save_session(content: dict[str, Any]) -> Response:
    """Save a finished practice session; with an id or a key, a repeat stores nothing twice."""
    outcome = service.save(learner_id(), content, key=idempotency_key(), now=datetime.now(UTC))
    session = outcome.session
    headers = {
        "Location": f"/api/sessions/{session['session_result_id']}",
        "ETag": version_tag(session["version"]),
    }
    saved = {**session, **outcome.extras}
    if outcome.created:
        return json_response(saved, 201, headers)
    return json_response(saved, 200, {**headers, _REPLAYED: "true"})


@blueprint.post("/batch")
@body_limit(BATCH_LIMIT)
@blueprint.arguments(schemas.BatchSchema(), example={"sessions": [schemas.SAVE_EXAMPLE]})
@blueprint.response(200, saved_schemas.SavedBatchSchema)
@blueprint.doc(parameters=[_KEY])
def save_sessions(batch: dict[str, Any]) -> Response:
    """Save up to 100 sessions at once; an invalid session does not stop the others."""
    outcomes = service.save_batch(
        learner_id(), batch["sessions"], key=idempotency_key(), now=datetime.now(UTC)
    )
    results = [{"index": index, **_item_result(outcome)} for index, outcome in enumerate(outcomes)]
    counts = Counter(result["status"] for result in results)
    totals = {status: counts[status] for status in ("created", "replayed", "rejected")}
    return json_response({"results": results, **totals})


def _item_result(outcome: Outcome | Problem) -> dict[str, Any]:
    if isinstance(outcome, Problem):
        return {"status": "rejected", "problem": outcome.body()}
    status = "created" if outcome.created else "replayed"
    return {"status": status, "session": outcome.session, **outcome.extras}


@blueprint.answer("/history", history_schemas.HistorySchema, history_schemas.HistoryQuerySchema())
def list_history(asked: Asked) -> Any:
    """List my sessions, newest first."""
    return history.page(asked.learner_id, **asked.query)


@blueprint.get("/changes")
@blueprint.arguments(changes_schemas.ChangesQuerySchema(), location="query")
@blueprint.response(200, changes_schemas.ChangesSchema)
def list_changes(query: dict[str, Any]) -> Response:
    """List what has changed since a device last asked."""
    return json_response(changes.changes(learner_id(), **query))


@blueprint.get(_BY_ID, parameters=[_ID])
@blueprint.response(200, schemas.SessionResultSchema)
@blueprint.alt_response(404, component_name(NotFound))
def get_session(session_result_id: UUID) -> Response:
    """Show one of my sessions."""
    session = service.show(learner_id(), str(session_result_id))
    return json_response(session, headers={"ETag": version_tag(session["version"])})


@blueprint.patch(_BY_ID, parameters=[_ID])
@blueprint.arguments(schemas.CorrectionSchema(partial=True))
@blueprint.response(200, saved_schemas.CorrectedSchema, headers=_VERSION_HEADER)
@blueprint.alt_response(404, component_name(NotFound))
@blueprint.alt_response(410, component_name(Gone))
@blueprint.alt_response(412, component_name(ChangedMeanwhile))
@blueprint.doc(parameters=[_IF_MATCH])
def correct_session(changes: dict[str, Any], session_result_id: UUID) -> Response:
    """Correct a session, or add a score that arrived late."""
    session = service.correct(
        learner_id(),
        str(session_result_id),
        changes,
        is_expected=expected_version(),
        now=datetime.now(UTC),
    )
    return json_response(session, headers={"ETag": version_tag(session["version"])})


@blueprint.delete(_BY_ID, parameters=[_ID])
@blueprint.response(204)
@blueprint.alt_response(404, component_name(NotFound))
@blueprint.alt_response(412, component_name(ChangedMeanwhile))
@blueprint.doc(parameters=[_IF_MATCH])
def delete_session(session_result_id: UUID) -> Response:
    """Delete a session permanently."""
    service.delete(
        learner_id(),
        str(session_result_id),
        is_expected=expected_version(),
        now=datetime.now(UTC),
    )
    return Response(status=204)
