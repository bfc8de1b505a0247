"""HTTP: export and erase everything; the operator's erasure."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from flask import Response, request

from vorex_sessions import compression
from vorex_sessions.auth.caller import learner_id, require_operator
from vorex_sessions.privacy import schemas
from vorex_sessions.privacy.erasure import erase as erase_learner
from vorex_sessions.privacy.export import ENDINGS, FORMATS, Download, unversioned
from vorex_sessions.problems.kinds import NotFound, OldHttp
from vorex_sessions.web.blueprint import Blueprint, component_name, json_response
from vorex_sessions.web.conditional import rests_also_on

blueprint = Blueprint("privacy", __name__, url_prefix="/api/sessions")
admin = Blueprint(
    "admin", __name__, url_prefix="/api/admin", tag="Operations", guard=require_operator
)

_USER_ID = {
    "in": "path",
    "name": "user_id",
    "required": True,
    "description": "The learner's id: the `sub` of their tokens.",
    "schema": {"type": "string", "format": "uuid"},
    "example": "00000000-0000-4000-8000-000000000001",
}


@blueprint.get("/export")
@blueprint.arguments(schemas.ExportQuerySchema(), location="query")
@blueprint.alt_response(505, component_name(OldHttp))
@blueprint.doc(responses={"200": schemas.EXPORT})
@rests_also_on(unversioned)
def export_sessions(query: dict[str, Any]) -> Response:
    """Download everything that is stored about me."""
    if request.environ.get("SERVER_PROTOCOL") == "HTTP/1.0":
        raise OldHttp
    file_format, now = query["file_format"], datetime.now(UTC)
    name = f"vorex-sessions-{now.date()}.{ENDINGS.get(file_format, file_format)}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    if request.method == "HEAD":
        head = Response(headers=headers, content_type=FORMATS[file_format])
        head.automatically_set_content_length = False  # that of the download is not known
        compression.mark(head, compressed=False)
        return head
    download = Download(learner_id(), now=now, **query)
    response = Response(download, headers=headers, content_type=FORMATS[file_format])
    response.call_on_close(download.close)
    return compression.offer(response)


@blueprint.delete("")
@blueprint.arguments(schemas.EraseQuerySchema(), location="query")
@blueprint.response(200, schemas.ErasedSchema)
def erase_learner_data(query: dict[str, Any]) -> Response:
    """Erase everything that is stored about me, permanently."""
    return json_response({"deleted": erase_learner(learner_id(), now=datetime.now(UTC))})


@admin.delete("/learners/<uuid:user_id>", parameters=[_USER_ID])
@admin.response(200, schemas.ErasedSchema)
@admin.alt_response(404, component_name(NotFound))
def close_learner(user_id: UUID) -> Response:
    """Erase everything that is stored about a learner, and close the account to further saves."""
    return json_response(
        {"deleted": erase_learner(str(user_id), now=datetime.now(UTC), close=True)}
    )
