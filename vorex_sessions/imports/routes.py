"""HTTP: take back what an export gave."""

from datetime import UTC, datetime
from typing import Any

from flask import Response

from vorex_sessions.auth.caller import learner_id
from vorex_sessions.imports import files, schemas, service
from vorex_sessions.problems.kinds import TooLarge, TooSlow, UnknownFormat, Unreadable
from vorex_sessions.web.blueprint import Blueprint, component_name, json_response, takes_file
from vorex_sessions.web.requests import uploaded_file

blueprint = Blueprint("imports", __name__, url_prefix="/api/sessions")

LIMIT = 4 * 1024 * 1024  # bytes


@blueprint.post("/import")
@takes_file(LIMIT, schemas.MEDIA_TYPES)
@blueprint.arguments(schemas.ImportQuerySchema(), location="query")
@blueprint.response(200, schemas.ImportedSchema)
@blueprint.alt_response(400, component_name(Unreadable))
@blueprint.alt_response(408, component_name(TooSlow))
@blueprint.alt_response(413, component_name(TooLarge))
@blueprint.alt_response(415, component_name(UnknownFormat))
@blueprint.doc(requestBody=schemas.FILE)
def import_sessions(query: dict[str, Any]) -> Response:
    """Take back what an export gave: by id, safe to repeat, with an answer for each session.

    The body may also be `application/x-ndjson` or `text/csv`, as the export writes them.
    """
    file_format, body = uploaded_file()
    file = files.read(body, file_format)
    valid = schemas.validated(learner_id(), file)
    taken = service.take_back(learner_id(), valid, now=datetime.now(UTC), **query)
    return json_response(schemas.shown(taken, file, **query))
