"""HTTP: the trends of scores."""

from typing import Any

from vorex_sessions.hooks.answers import Asked
from vorex_sessions.trends import schemas, service
from vorex_sessions.web.blueprint import Blueprint

blueprint = Blueprint("trends", __name__, url_prefix="/api/sessions")


@blueprint.answer("/trends", schemas.TrendsSchema, schemas.TrendsQuerySchema())
def get_trends(asked: Asked) -> Any:
    """Show whether my scores rise or fall."""
    return service.show_trends(asked.learner_id, now=asked.now, **asked.query)
