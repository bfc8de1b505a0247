"""What a page shows of a learner: the answers of other capabilities, all of one moment."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from vorex_sessions.charts import chart
from vorex_sessions.charts.service import make_chart, streak_chart
from vorex_sessions.flask_config import setting
from vorex_sessions.growth.service import streak_with_days
from vorex_sessions.hooks.rebuild import in_current_snapshot
from vorex_sessions.insights.service import show_insights
from vorex_sessions.languages.service import list_languages
from vorex_sessions.page.options import FIGURES, INSIGHTS, Options
from vorex_sessions.progress.stats import stats
from vorex_sessions.recall.service import list_words

MOST_WORDS = 10
Answer = Mapping[str, Any]


@dataclass(frozen=True)
class Practice:
    """The answers; None for what is not asked for."""

    stats: Answer | None
    insights: Answer | None
    languages: Answer | None  # beside the insights, some of which are of one language
    streak: Answer | None
    words: Answer | None
    charts: Mapping[str, chart.Chart]
    shortest_day: int  # seconds of practice from which a day counts


def read(learner_id: str, options: Options, *, locale: str, now: datetime) -> Practice:
    """Ask for all that a page shows."""
    drawn = chart_options(options, locale=locale)
    zone, language = options.zone_name, options.language

    def ask() -> Practice:
        wanted = options.parts
        of: dict[str, Any] = {"zone_name": zone, "language": language, "now": now}
        told: dict[str, Any] = {"period": "week", "locale": locale, "language": language}
        words: dict[str, Any] = {"status": "due", "limit": MOST_WORDS}
        streak, days = streak_with_days(learner_id, **of) if "streak" in wanted else (None, ())
        charts = {
            kind: make_chart(kind, learner_id, drawn, now=now)
            for kind in options.kinds
            if kind != "streak"
        }
        if streak:
            charts["streak"] = streak_chart(streak, days, drawn)
        return Practice(
            stats=stats(learner_id, period="month", **of) if FIGURES in wanted else None,
            insights=show_insights(learner_id, **told, now=now) if INSIGHTS in wanted else None,
            languages=list_languages(learner_id, now=now) if INSIGHTS in wanted else None,
            streak=streak,
            words=list_words(learner_id, **words, **of) if "vocabulary" in wanted else None,
            charts=charts,
            shortest_day=setting("STREAK_MIN_SECONDS"),
        )

    return in_current_snapshot(learner_id, ask)


def draw(
    learner_id: str,
    kind: str,
    options: Options,
    *,
    locale: str,
    theme: str,
    width: int,
    now: datetime,
) -> str:
    """One chart of the page as SVG."""
    drawn = chart_options(options, locale=locale, theme=theme, width=width)
    return in_current_snapshot(learner_id, lambda: make_chart(kind, learner_id, drawn, now=now).svg)


def chart_options(
    options: Options, *, locale: str, theme: str = chart.THEMES[0], width: int = chart.WIDTH
) -> chart.Options:
    """How the charts of a page are drawn."""
    return chart.Options(
        theme=theme,
        locale=locale,
        width=min(max(width, chart.NARROWEST), chart.WIDEST),
        language=options.language,
        zone_name=options.zone_name,
        year=options.year,
        period=options.period,
        numbers=False,
    )
