"""HTTP: charts as SVG."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from flask import Response

from vorex_sessions import compression
from vorex_sessions.auth.caller import learner_id
from vorex_sessions.charts import schemas
from vorex_sessions.charts.chart import Options
from vorex_sessions.charts.service import make_chart
from vorex_sessions.turns import checkpoint
from vorex_sessions.web.blueprint import Blueprint
from vorex_sessions.web.schemas import Schema

blueprint = Blueprint("charts", __name__, url_prefix="/api/sessions/charts")
SVG = "image/svg+xml"
_DRAWN = {
    "type": "string",
    "description": "A drawing with title and description, in presentation attributes alone.",
    "example": '<svg xmlns="http://www.w3.org/2000/svg" width="640" height="180" viewBox="0 0 640 180" '
    'role="img" aria-labelledby="chart-heatmap-title chart-heatmap-desc">…</svg>',
}
View = Callable[[dict[str, Any]], Response]


def _draws(kind: str, query: Schema) -> Callable[[View], View]:
    """Decorate the view of a kind of chart."""

    def decorate(view: View) -> View:
        documented = blueprint.response(200, _DRAWN, content_type=SVG)(view)
        documented = blueprint.arguments(query, location="query")(documented)
        added: View = blueprint.get(f"/{kind}.svg")(documented)
        return added

    return decorate


def _drawn(kind: str, query: dict[str, Any]) -> Response:
    chart = make_chart(kind, learner_id(), Options(**query), now=datetime.now(UTC))
    checkpoint()
    response = Response(chart.svg, content_type=SVG)
    return response if len(chart.svg) < compression.SMALLEST else compression.offer(response)


@_draws("heatmap", schemas.HeatmapQuerySchema())
def draw_heatmap(query: dict[str, Any]) -> Response:
    """Draw how much I practised on each day of a year."""
    return _drawn("heatmap", query)


@_draws("trend", schemas.TrendQuerySchema())
def draw_trend(query: dict[str, Any]) -> Response:
    """Draw my scores over time, with their trends and how sure these are."""
    return _drawn("trend", query)


@_draws("skills", schemas.SkillsChartQuerySchema())
def draw_skills(query: dict[str, Any]) -> Response:
    """Draw my skills by domain and level, and how well I master them."""
    return _drawn("skills", query)


@_draws("streak", schemas.StreakChartQuerySchema())
def draw_streak(query: dict[str, Any]) -> Response:
    """Draw my streak and what each of the last days did for it."""
    return _drawn("streak", query)


@_draws("vocabulary", schemas.VocabularyChartQuerySchema())
def draw_vocabulary(query: dict[str, Any]) -> Response:
    """Draw how many of my words are due, being learned and known, and how many will be due."""
    return _drawn("vocabulary", query)


@_draws("rhythm", schemas.RhythmChartQuerySchema())
def draw_rhythm(query: dict[str, Any]) -> Response:
    """Draw at what hours and on which weekdays I practise."""
    return _drawn("rhythm", query)
