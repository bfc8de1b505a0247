"""Schemas of the trends."""

from vorex_sessions.progress.windows import RANGE
from vorex_sessions.trends.service import MOST_DAYS, PERIODS
from vorex_sessions.trends.slopes import VERDICTS
from vorex_sessions.web import answer_fields, body_fields, query_fields
from vorex_sessions.web.date_ranges import RangeQuerySchema
from vorex_sessions.web.schemas import Schema

SHOWN_PERIODS = (*PERIODS, RANGE)


class TrendsQuerySchema(RangeQuerySchema):
    """The period or two dates, the time zone and the language."""

    most_days, instead_of = MOST_DAYS, "period"

    period = body_fields.Choice(
        PERIODS,
        load_default="month",
        description="The last 30 or 365 calendar days, today included. Instead, `date_from` and `date_to`, "
        f"at most {MOST_DAYS} days.",
        example="month",
    )
    zone_name = query_fields.zone()
    language = query_fields.language("scores")


class IntervalSchema(Schema):
    """The interval in which the true slope lies."""

    low = answer_fields.number("Its lower end, points a week.", 0.41, least=None)
    high = answer_fields.number("Its upper end, points a week.", 1.12, least=None)
    confidence = answer_fields.number(
        "The confidence level; higher where more scores are tested together.", 0.9833, least=None
    )


class ScoreTrendSchema(Schema):
    """The trend of one score. Slope, interval and change are null without enough days."""

    verdict = answer_fields.text(
        "`improving` or `declining`: the interval excludes 0, and the change is 2 points or more. "
        "`stable`: the whole interval is a change of less than 2 points. Else `unclear`.",
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
    days = answer_fields.whole("How many days have a measured score.", 12)
    first_day = answer_fields.day("The first of these days.", allow_none=True)
    last_day = answer_fields.day("The last of these days.", allow_none=True)


class ScoreTrendsSchema(Schema):
    """The trend of each score."""

    pronunciation = answer_fields.nested(ScoreTrendSchema, "Pronunciation.")
    fluency = answer_fields.nested(ScoreTrendSchema, "Fluency.")
    grammar = answer_fields.nested(ScoreTrendSchema, "Grammar.")


class TrendsSchema(Schema):
    """Whether the scores rise or fall."""

    period = answer_fields.text(
        "The requested period; `range` for two dates.", "month", SHOWN_PERIODS
    )
    period_start = answer_fields.day("The first day of the period.")
    period_end = answer_fields.day(
        "The last day of the period: today, or `date_to`. A traveller's session of a later day counts, too."
    )
    trends = answer_fields.nested(ScoreTrendsSchema, "The trend of each score.")
