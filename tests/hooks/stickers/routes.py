"""HTTP: stickers."""

from typing import Any

from tests.hooks.stickers import service
from tests.hooks.stickers.schemas import StickersSchema
from vorex_sessions.hooks.answers import Asked
from vorex_sessions.web.blueprint import Blueprint

blueprint = Blueprint("stickers", __name__, url_prefix="/api/sessions")


@blueprint.answer("/stickers", StickersSchema)
def get_stickers(asked: Asked) -> Any:
    """Show how many stickers I have."""
    return service.show_stickers(asked.learner_id)
