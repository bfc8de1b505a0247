"""Schemas of what charts are asked for."""

from vorex_sessions.charts.chart import (
    FIRST_YEAR,
    LAST_YEAR,
    NARROWEST,
    THEMES,
    WIDEST,
    WIDTH,
    Options,
)
from vorex_sessions.progress.figures import SKILLS
from vorex_sessions.progress.rhythm import PERIODS as RHYTHM_PERIODS
from vorex_sessions.trends.service import PERIODS as TREND_PERIODS
from vorex_sessions.web import body_fields, query_fields
from vorex_sessions.web.schemas import Schema


class _LooksSchema(Schema):
    """How a chart is drawn."""

    theme = body_fields.Choice(
        THEMES,
        load_default=Options.theme,
        description="For a light background (white to `#f4f5f7`) or a dark one (black to `#1c2026`). The "
        "drawing itself has none.",
        example="dark",
    )
    locale = body_fields.Language(
        load_default=Options.locale,
        description="The language of the words, a tag of BCP 47: en, de, es, fr and ar, with a region for "
        "their formats (`de-CH`). In another one the words are English, dates and numbers its own. Where it "
        "is read from right to left, the chart is mirrored.",
        example="de",
    )
    width = query_fields.Whole(
        NARROWEST,
        WIDEST,
        load_default=WIDTH,
        description="The width in pixels that the chart is laid out for. Its height follows.",
        example=WIDTH,
    )


class _DatedLooksSchema(_LooksSchema):
    zone_name = query_fields.zone()


class HeatmapQuerySchema(_DatedLooksSchema):
    """The year, the language, and how the chart is drawn."""

    year = query_fields.Whole(
        FIRST_YEAR,
        LAST_YEAR,
        description="The calendar year. By default the last 365 days, today included.",
        example=2026,
    )
    language = query_fields.language("sessions")


class TrendQuerySchema(_DatedLooksSchema):
    """The score, the period, the language, and how the chart is drawn."""

    score = body_fields.Choice(
        SKILLS, description="Only this score. By default all three.", example="fluency"
    )
    period = body_fields.Choice(
        TREND_PERIODS,
        load_default="month",
        description="The last 30 or 365 calendar days, today included.",
        example="month",
    )
    language = query_fields.language("scores")


class SkillsChartQuerySchema(_LooksSchema):
    """The language, and how the chart is drawn."""

    language = query_fields.one_language()


class StreakChartQuerySchema(_DatedLooksSchema):
    """The language, and how the chart is drawn."""

    language = query_fields.language("days")


class VocabularyChartQuerySchema(_DatedLooksSchema):
    """The language, and how the chart is drawn."""

    language = query_fields.language("words")


class RhythmChartQuerySchema(_DatedLooksSchema):
    """The period, the language, and how the chart is drawn."""

    period = body_fields.Choice(
        RHYTHM_PERIODS,
        load_default="month",
        description="The last 30 or 365 calendar days, today included, or all time.",
        example="month",
    )
    language = query_fields.language("sessions")
