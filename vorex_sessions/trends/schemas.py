"""What the endpoint of this capability takes and answers."""

import marshmallow as ma

from vorex_sessions import fields
from vorex_sessions.progress import documented
from vorex_sessions.schemas import Schema
from vorex_sessions.trends.service import PERIODS
from vorex_sessions.trends.slopes import VERDICTS


class TrendsQuerySchema(Schema):
    """Over which days, on whose calendar."""

    period = fields.Choice(
        PERIODS,
        load_default="month",
        metadata={
            "description": "The last 30 or 365 calendar days, today included.",
            "example": "month",
        },
    )
    zone_name = documented.zone()


def _number(description: str, example: float, *, nullable: bool = False) -> ma.fields.Float:
    return ma.fields.Float(
        required=True,
        allow_none=nullable,
        metadata={"description": description, "example": example},
    )


class IntervalSchema(Schema):
    """Between which slopes the true one lies."""

    low = _number("Points a week.", 0.41)
    high = _number("Points a week.", 1.12)
    confidence = _number("How surely; the more, the more scores are looked at together.", 0.9833)


class ScoreTrendSchema(Schema):
    """The trend of one score. Slope, interval and change are null without enough days."""

    verdict = ma.fields.String(
        required=True,
        validate=ma.validate.OneOf(VERDICTS),
        metadata={
            "description": (
                "`improving` or `declining`: the interval excludes 0, and the change is 2 points or more. "
                "`stable`: all of the interval is a change of less than 2 points. Else `unclear`."
            ),
            "example": "improving",
        },
    )
    slope_per_week = _number(
        "Theil-Sen slope of the daily means, points a week.", 0.76, nullable=True
    )
    interval = ma.fields.Nested(
        IntervalSchema,
        required=True,
        allow_none=True,
        metadata={"description": "Sen's confidence interval of the slope."},
    )
    change = _number("The slope times the days from first to last, points.", 3.0, nullable=True)
    days = documented.whole("How many days with a measured score it rests on.", 12)
    first_day = documented.day("The first of them.", allow_none=True)
    last_day = documented.day("The last of them.", allow_none=True)


class ScoreTrendsSchema(Schema):
    """Each score."""

    pronunciation = ma.fields.Nested(
        ScoreTrendSchema, required=True, metadata={"description": "Pronunciation."}
    )
    fluency = ma.fields.Nested(
        ScoreTrendSchema, required=True, metadata={"description": "Fluency."}
    )
    grammar = ma.fields.Nested(
        ScoreTrendSchema, required=True, metadata={"description": "Grammar."}
    )


class TrendsSchema(Schema):
    """Whether the scores rise or fall."""

    period = ma.fields.String(
        required=True,
        validate=ma.validate.OneOf(PERIODS),
        metadata={"description": "The period.", "example": "month"},
    )
    period_start = documented.day("Its first day.")
    period_end = documented.day("Today.")
    trends = ma.fields.Nested(
        ScoreTrendsSchema, required=True, metadata={"description": "The trend of each score."}
    )
