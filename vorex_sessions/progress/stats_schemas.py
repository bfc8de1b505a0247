"""Schemas of the statistics."""

import marshmallow as ma

from vorex_sessions.models.limits import SESSION_TYPES
from vorex_sessions.periods import DAYS
from vorex_sessions.progress.stats import MOST_DAYS
from vorex_sessions.progress.windows import CALENDAR_PERIODS, RANGE
from vorex_sessions.web import answer_fields, body_fields, query_fields
from vorex_sessions.web.date_ranges import RangeQuerySchema
from vorex_sessions.web.schemas import Schema

STATS_PERIODS = (*DAYS, "all", *CALENDAR_PERIODS)
COUNTED_PERIODS = (*STATS_PERIODS, RANGE)


class StatsQuerySchema(RangeQuerySchema):
    """The period or two dates, the time zone, the type of session and the language."""

    most_days, instead_of = MOST_DAYS, "period"

    period = body_fields.Choice(
        STATS_PERIODS,
        load_default="week",
        description="`day`, `week`, `month`, `year`: the last 1, 7, 30 or 365 calendar days, today "
        "included. `this_week` and so on: calendar units; a week starts on the learner's "
        f"`week_starts_on`. `all`: all time. Instead, `date_from` and `date_to`, at most {MOST_DAYS:,} days.",
        example="week",
    )
    zone_name = query_fields.zone()
    session_type = body_fields.Choice(
        SESSION_TYPES, description="Only sessions of this type.", example="roleplay"
    )
    language = query_fields.language("sessions")


class ScoredSessionsSchema(Schema):
    """How many sessions each mean is based on."""

    pronunciation = answer_fields.whole("Sessions with a pronunciation score.", 6)
    fluency = answer_fields.whole("Sessions with a fluency score.", 6)
    grammar = answer_fields.whole("Sessions with a grammar score.", 4)


class TotalsSchema(Schema):
    """Totals and means."""

    total_sessions = answer_fields.whole("Sessions.", 6)
    total_duration = answer_fields.whole("Time practised, in seconds.", 1800)
    total_words_spoken = answer_fields.whole("Words spoken.", 720)
    avg_pronunciation = answer_fields.mean("pronunciation", nullable=False)
    avg_fluency = answer_fields.mean("fluency", nullable=False)
    avg_grammar = answer_fields.mean("grammar", nullable=False)
    scored_sessions = answer_fields.nested(
        ScoredSessionsSchema, "How many sessions each mean is based on."
    )


class PreviousSchema(TotalsSchema):
    """The same totals for the period just before."""

    period_start = answer_fields.day("First day of the earlier period.")
    period_end = answer_fields.day(
        "Last day counted of the earlier period. Where the period itself is not over, this day is counted up "
        "to the current time of day."
    )


class TypeFiguresSchema(Schema):
    """The sessions of one type."""

    count = answer_fields.whole("Sessions of this type.", 3)
    avg_duration = answer_fields.whole("Their mean duration, in seconds.", 300)


class TrendSchema(Schema):
    """The means of one day."""

    date = answer_fields.day("The calendar day.")
    pronunciation = answer_fields.mean("pronunciation", nullable=True)
    fluency = answer_fields.mean("fluency", nullable=True)
    grammar = answer_fields.mean("grammar", nullable=True)


class TopicCountSchema(Schema):
    """How many sessions were about a topic."""

    topic = answer_fields.text("The topic.", "travel")
    count = answer_fields.whole("Sessions.", 3)


class AreaCountSchema(Schema):
    """How many sessions named an area to improve."""

    area = answer_fields.text("The area.", "past tense")
    count = answer_fields.whole("Sessions.", 3)


class StatsSchema(TotalsSchema):
    """A learner's statistics over a period."""

    period = answer_fields.text(
        "The requested period; `range` for two dates.", "week", COUNTED_PERIODS
    )
    period_start = answer_fields.day(
        "First day counted; null for `all` without a session.", allow_none=True
    )
    period_end = answer_fields.day(
        "Last day counted: today, or the last day of a period that is over or of a range. A traveller's "
        "session of a day after today counts, too, unless it is outside of such a period or range."
    )
    sessions_by_type = ma.fields.Dict(
        keys=ma.fields.String(validate=ma.validate.OneOf(SESSION_TYPES)),
        values=ma.fields.Nested(TypeFiguresSchema),
        required=True,
        metadata={
            "description": "Sessions by type; types without a session are left out.",
            "example": {"conversation": {"count": 3, "avg_duration": 300}},
        },
    )
    improvement_trends = answer_fields.items(
        TrendSchema, "Daily means, oldest first; days with sessions only."
    )
    common_topics = answer_fields.items(
        TopicCountSchema, "The most frequent topics, ties by name.", most=10
    )
    areas_to_improve = answer_fields.items(
        AreaCountSchema, "The most frequent areas to improve, ties by name.", most=10
    )
    previous = answer_fields.nested(
        PreviousSchema,
        "The period just before: as many days, or the calendar unit. What is not over is compared with what "
        "was equally unfinished. Null for `all` and for a range that has not begun.",
        allow_none=True,
    )


class RollupRowSchema(Schema):
    """Stored sums of older sessions, as the export shows them."""

    before = answer_fields.instant("The sums are of the sessions completed before this.")
    tallies = ma.fields.List(
        ma.fields.List(ma.fields.Raw()),
        required=True,
        metadata={
            "description": "The sums: a row for each day and type, topic or area, for the service's own use.",
            "example": [["type", "2026-03-01", "conversation", 2]],
        },
    )
