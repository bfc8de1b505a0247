"""What the endpoint of this capability takes and answers."""

from vorex_sessions.trends.service import PERIODS
from vorex_sessions.trends.slopes import VERDICTS
from vorex_sessions.web import answer_fields, body_fields
from vorex_sessions.web.schemas import Schema


class TrendsQuerySchema(Schema):
    """Over which days, on whose calendar."""

    period = body_fields.Choice(
        PERIODS,
        load_default="month",
        metadata={
            "description": "The last 30 or 365 calendar days, today included.",
            "example": "month",
        },
    )
    zone_name = answer_fields.zone()


class IntervalSchema(Schema):
    """Between which slopes the true one lies."""

    low = answer_fields.number("Points a week.", 0.41, least=None)
    high = answer_fields.number("Points a week.", 1.12, least=None)
    confidence = answer_fields.number(
        "How surely; the more, the more scores are looked at together.", 0.9833, least=None
    )


class ScoreTrendSchema(Schema):
    """The trend of one score. Slope, interval and change are null without enough days."""

    verdict = answer_fields.text(
        "`improving` or `declining`: the interval excludes 0, and the change is 2 points or more. "
        "`stable`: all of the interval is a change of less than 2 points. Else `unclear`.",
        "improving",
        VERDICTS,
    )
    slope_per_week = answer_fields.number(
        "Theil-Sen slope of the daily means, points a week.", 0.76, least=None, allow_none=True
    )
    interval = answer_fields.nested(
        IntervalSchema, "Sen's confidence interval of the slope.", allow_none=True
    )
    change = answer_fields.number(
        "The slope times the days from first to last, points.", 3.0, least=None, allow_none=True
    )
    days = answer_fields.whole("How many days with a measured score it rests on.", 12)
    first_day = answer_fields.day("The first of them.", allow_none=True)
    last_day = answer_fields.day("The last of them.", allow_none=True)


class ScoreTrendsSchema(Schema):
    """Each score."""

    pronunciation = answer_fields.nested(ScoreTrendSchema, "Pronunciation.")
    fluency = answer_fields.nested(ScoreTrendSchema, "Fluency.")
    grammar = answer_fields.nested(ScoreTrendSchema, "Grammar.")


class TrendsSchema(Schema):
    """Whether the scores rise or fall."""

    period = answer_fields.text("The period.", "month", PERIODS)
    period_start = answer_fields.day("Its first day.")
    period_end = answer_fields.day("Today.")
    trends = answer_fields.nested(ScoreTrendsSchema, "The trend of each score.")
