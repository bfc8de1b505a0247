"""HTTP: heartbeats of practice that goes on."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from flask import Response

from vorex_sessions.auth.caller import learner_id
from vorex_sessions.live import hub, schemas, service
from vorex_sessions.problems.kinds import Conflict, Gone, NotFound
from vorex_sessions.rate_limits.limiter import counted_as
from vorex_sessions.web.answer_fields import SESSION_ID
from vorex_sessions.web.blueprint import Blueprint, body_limit, component_name, json_response
from vorex_sessions.web.conditional import rests_also_on

blueprint = Blueprint("live", __name__, url_prefix="/api/sessions/live")

LIMIT = 16 * 1024  # bytes of a heartbeat
_ID = {
    "in": "path",
    "name": "session_result_id",
    "required": True,
    "description": "The id of the session, which the save that ends it has as well.",
    "schema": {"type": "string", "format": "uuid", "example": SESSION_ID},
}
_BY_ID = "/<uuid:session_result_id>"


@blueprint.get("")
@blueprint.response(200, schemas.LiveSessionsSchema)
@rests_also_on(service.state)
def list_live() -> Response:
    """List my sessions that go on, or can be resumed."""
    return json_response(service.show_all(learner_id(), now=datetime.now(UTC)))


@blueprint.put(_BY_ID, parameters=[_ID])
@body_limit(LIMIT)
@counted_as("heartbeats")
@blueprint.arguments(schemas.HeartbeatSchema(), example=schemas.EXAMPLE)
@blueprint.response(200, schemas.LiveSessionSchema)
@blueprint.alt_response(
    201, schema=schemas.LiveSessionSchema, description="The session is live now", success=True
)
@blueprint.alt_response(404, component_name(NotFound))
@blueprint.alt_response(409, component_name(Conflict))
@blueprint.alt_response(410, component_name(Gone))
def beat_live(heartbeat: dict[str, Any], session_result_id: UUID) -> Response:
    """Start a live session, or send its heartbeat: all totals so far."""
    live, is_new = service.beat(
        learner_id(), str(session_result_id), heartbeat, now=datetime.now(UTC)
    )
    hub.current().changed(learner_id())
    return json_response(live, 201 if is_new else 200)


@blueprint.delete(_BY_ID, parameters=[_ID])
@blueprint.response(204)
@blueprint.alt_response(404, component_name(NotFound))
@blueprint.alt_response(409, component_name(Conflict))
def cancel_live(session_result_id: UUID) -> Response:
    """Cancel a live session: it ends and is not saved."""
    service.cancel(learner_id(), str(session_result_id), now=datetime.now(UTC))
    hub.current().changed(learner_id())
    return Response(status=204)
