"""HTTP: statistics, the daily breakdown, the rhythm and the warm-up."""

from typing import Any

from vorex_sessions.hooks.answers import Asked
from vorex_sessions.progress import rhythm_schemas, schemas, stats_schemas
from vorex_sessions.progress.breakdown import daily_breakdown
from vorex_sessions.progress.rhythm import rhythm
from vorex_sessions.progress.stats import stats
from vorex_sessions.progress.warmup import warmup
from vorex_sessions.web.blueprint import Blueprint

blueprint = Blueprint("progress", __name__, url_prefix="/api/sessions")


@blueprint.answer("/stats", stats_schemas.StatsSchema, stats_schemas.StatsQuerySchema())
def get_stats(asked: Asked) -> Any:
    """Show my statistics over a period."""
    return stats(asked.learner_id, now=asked.now, **asked.query)


@blueprint.answer("/daily-breakdown", schemas.BreakdownSchema, schemas.BreakdownQuerySchema())
def get_daily_breakdown(asked: Asked) -> Any:
    """Show what I practised on each of the last days."""
    return daily_breakdown(asked.learner_id, now=asked.now, **asked.query)


@blueprint.answer("/rhythm", rhythm_schemas.RhythmSchema, rhythm_schemas.RhythmQuerySchema())
def get_rhythm(asked: Asked) -> Any:
    """Show at what hours and on which weekdays I practise."""
    return rhythm(asked.learner_id, now=asked.now, **asked.query)


@blueprint.answer("/warmup", schemas.WarmupSchema, schemas.WarmupQuerySchema())
def get_warmup(asked: Asked) -> Any:
    """Suggest what to warm up with."""
    return warmup(asked.learner_id, now=asked.now, **asked.query)
