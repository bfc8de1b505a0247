import sqlalchemy as sa
from flask import Response

from tests.hooks.stickers.projection import STICKERS
from tests.hooks.stickers.schemas import StickersSchema
from vorex_sessions.auth.caller import learner_id
from vorex_sessions.hooks.rebuild import DERIVED_VERSION, run_current
from vorex_sessions.web.blueprint import Blueprint, json_response

blueprint = Blueprint("stickers", __name__, url_prefix="/api/sessions")
_ALL = sa.select(DERIVED_VERSION.label("derived_version"), STICKERS.label("stickers"))


@blueprint.get("/stickers")
@blueprint.response(200, StickersSchema)
def show_stickers() -> Response:
    """Show how many stickers I have."""
    (row,) = run_current(_ALL, {"user_id": learner_id()})
    return json_response({"total": len(row.stickers or {})})
