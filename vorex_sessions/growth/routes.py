"""HTTP: streak and achievements."""

from typing import Any

from vorex_sessions.growth import schemas, service
from vorex_sessions.hooks.answers import Asked
from vorex_sessions.web.blueprint import Blueprint

blueprint = Blueprint("growth", __name__, url_prefix="/api/sessions")


@blueprint.answer("/streak", schemas.StreakPageSchema, schemas.StreakQuerySchema())
def get_streak(asked: Asked) -> Any:
    """Show my streak, and the last 28 days."""
    return service.show_streak(asked.learner_id, now=asked.now, **asked.query)


@blueprint.answer("/achievements", schemas.AchievementsSchema)
def list_achievements(asked: Asked) -> Any:
    """List all achievements, with my progress."""
    return service.list_achievements(asked.learner_id)
