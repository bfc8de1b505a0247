"""HTTP: statistics, the daily breakdown, the rhythm and the warm-up."""

from datetime import UTC, datetime
from typing import Any

from flask import Response

from vorex_sessions.auth.caller import learner_id
from vorex_sessions.progress import rhythm_schemas, schemas, stats_schemas
from vorex_sessions.progress.breakdown import daily_breakdown
from vorex_sessions.progress.rhythm import rhythm
from vorex_sessions.progress.stats import stats
from vorex_sessions.progress.warmup import warmup
from vorex_sessions.web.blueprint import Blueprint, json_response

blueprint = Blueprint("progress", __name__, url_prefix="/api/sessions")


@blueprint.get("/stats")
@blueprint.arguments(stats_schemas.StatsQuerySchema(), location="query")
@blueprint.response(200, stats_schemas.StatsSchema)
def get_stats(query: dict[str, Any]) -> Response:
    """Show my statistics over a period."""
    return json_response(stats(learner_id(), now=datetime.now(UTC), **query))


@blueprint.get("/daily-breakdown")
@blueprint.arguments(schemas.BreakdownQuerySchema(), location="query")
@blueprint.response(200, schemas.BreakdownSchema)
def get_daily_breakdown(query: dict[str, Any]) -> Response:
    """Show what I practised on each of the last days."""
    return json_response(daily_breakdown(learner_id(), now=datetime.now(UTC), **query))


@blueprint.get("/rhythm")
@blueprint.arguments(rhythm_schemas.RhythmQuerySchema(), location="query")
@blueprint.response(200, rhythm_schemas.RhythmSchema)
def get_rhythm(query: dict[str, Any]) -> Response:
    """Show at what hours and on which weekdays I practise."""
    return json_response(rhythm(learner_id(), now=datetime.now(UTC), **query))


@blueprint.get("/warmup")
@blueprint.arguments(schemas.WarmupQuerySchema(), location="query")
@blueprint.response(200, schemas.WarmupSchema)
def get_warmup(query: dict[str, Any]) -> Response:
    """Suggest what to warm up with."""
    return json_response(warmup(learner_id(), now=datetime.now(UTC), **query))
