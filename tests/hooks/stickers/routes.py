"""HTTP: stickers."""

from flask import Response

from tests.hooks.stickers import service
from tests.hooks.stickers.schemas import StickersSchema
from vorex_sessions.auth.caller import learner_id
from vorex_sessions.web.blueprint import Blueprint, json_response

blueprint = Blueprint("stickers", __name__, url_prefix="/api/sessions")


@blueprint.get("/stickers")
@blueprint.response(200, StickersSchema)
def get_stickers() -> Response:
    """Show how many stickers I have."""
    return json_response(service.show_stickers(learner_id()))
