"""What the endpoints of this capability take and answer."""

import marshmallow as ma

from vorex_sessions import fields, query_fields
from vorex_sessions.models import SESSION_TYPES
from vorex_sessions.periods import DAYS
from vorex_sessions.schemas import Schema

_DAY = {"example": "2026-03-01"}


def _zone() -> fields.Zone:
    return fields.Zone(
        data_key="timezone",
        metadata={
            "description": (
                "Whose calendar says what today is: an IANA name or `UTC±HH:MM`. By default that of "
                "the learner's latest session, else UTC."
            ),
            "example": "Europe/Berlin",
        },
    )


def _whole(description: str, example: int) -> ma.fields.Integer:
    return ma.fields.Integer(
        required=True,
        validate=ma.validate.Range(0),
        metadata={"description": description, "example": example},
    )


def _day(description: str, *, allow_none: bool = False) -> ma.fields.Date:
    return ma.fields.Date(
        required=True, allow_none=allow_none, metadata={"description": description, **_DAY}
    )


def _mean(skill: str, *, nullable: bool) -> ma.fields.Float:
    empty = "null" if nullable else "0.0"
    return ma.fields.Float(
        required=True,
        allow_none=nullable,
        validate=ma.validate.Range(0, 100),
        metadata={
            "description": f"Mean {skill} score, 1 decimal; {empty} where none was measured.",
            "example": 82.4,
        },
    )


class StatsQuerySchema(Schema):
    """Which period to look at."""

    period = fields.Choice(
        (*DAYS, "all"),
        load_default="week",
        metadata={
            "description": "The last 1, 7, 30 or 365 calendar days, today included, or all.",
            "example": "week",
        },
    )
    zone_name = _zone()
    session_type = fields.Choice(
        SESSION_TYPES,
        metadata={"description": "Only sessions of this type.", "example": "roleplay"},
    )


class ScoredSessionsSchema(Schema):
    """How many sessions each mean rests on."""

    pronunciation = _whole("Sessions with a pronunciation score.", 6)
    fluency = _whole("Sessions with a fluency score.", 6)
    grammar = _whole("Sessions with a grammar score.", 4)


class TotalsSchema(Schema):
    """Totals and means."""

    total_sessions = _whole("Sessions.", 6)
    total_duration = _whole("Time practised, in seconds.", 1800)
    total_words_spoken = _whole("Words spoken.", 720)
    avg_pronunciation = _mean("pronunciation", nullable=False)
    avg_fluency = _mean("fluency", nullable=False)
    avg_grammar = _mean("grammar", nullable=False)
    scored_sessions = ma.fields.Nested(
        ScoredSessionsSchema,
        required=True,
        metadata={"description": "How many sessions each mean rests on."},
    )


class PreviousSchema(TotalsSchema):
    """The same totals for the period just before."""

    period_start = _day("First day of the earlier period.")
    period_end = _day("Last day of the earlier period, cut at the present time of day.")


class TypeFiguresSchema(Schema):
    """The sessions of one type."""

    count = _whole("Sessions of this type.", 3)
    avg_duration = _whole("Their mean duration, in seconds.", 300)


class TrendSchema(Schema):
    """The means of one day."""

    date = _day("The calendar day.")
    pronunciation = _mean("pronunciation", nullable=True)
    fluency = _mean("fluency", nullable=True)
    grammar = _mean("grammar", nullable=True)


class TopicCountSchema(Schema):
    """How many sessions were about a topic."""

    topic = ma.fields.String(
        required=True, metadata={"description": "The topic.", "example": "travel"}
    )
    count = _whole("Sessions.", 3)


class AreaCountSchema(Schema):
    """How many sessions named an area to improve."""

    area = ma.fields.String(
        required=True, metadata={"description": "The area.", "example": "past tense"}
    )
    count = _whole("Sessions.", 3)


class StatsSchema(TotalsSchema):
    """A learner's statistics over a period."""

    period = ma.fields.String(
        required=True,
        validate=ma.validate.OneOf((*DAYS, "all")),
        metadata={"description": "The period asked for.", "example": "week"},
    )
    period_start = _day("First day counted; null for `all` without a session.", allow_none=True)
    period_end = _day("Today; a traveller's session dated later is counted too.")
    sessions_by_type = ma.fields.Dict(
        keys=ma.fields.String(validate=ma.validate.OneOf(SESSION_TYPES)),
        values=ma.fields.Nested(TypeFiguresSchema),
        required=True,
        metadata={
            "description": "Each type that was practised.",
            "example": {"conversation": {"count": 3, "avg_duration": 300}},
        },
    )
    improvement_trends = ma.fields.List(
        ma.fields.Nested(TrendSchema),
        required=True,
        metadata={"description": "Daily means, oldest first; days with sessions only."},
    )
    common_topics = ma.fields.List(
        ma.fields.Nested(TopicCountSchema),
        required=True,
        validate=ma.validate.Length(max=10),
        metadata={"description": "The most frequent topics, ties by name."},
    )
    areas_to_improve = ma.fields.List(
        ma.fields.Nested(AreaCountSchema),
        required=True,
        validate=ma.validate.Length(max=10),
        metadata={"description": "The most frequent areas to improve, ties by name."},
    )
    previous = ma.fields.Nested(
        PreviousSchema,
        required=True,
        allow_none=True,
        metadata={"description": "The period of equal length just before; null for `all`."},
    )


class BreakdownQuerySchema(Schema):
    """How many days, on whose calendar."""

    days = query_fields.Whole(
        1,
        366,
        load_default=7,
        metadata={"description": "How many calendar days, today included.", "example": 7},
    )
    zone_name = _zone()


def _minutes() -> ma.fields.Float:
    return ma.fields.Float(
        required=True,
        validate=ma.validate.Range(0),
        metadata={"description": "Time practised, in minutes, 1 decimal.", "example": 12.5},
    )


class DaySchema(Schema):
    """What was practised on one day."""

    date = _day("The calendar day.")
    sessions = _whole("Sessions.", 2)
    minutes = _minutes()
    words_spoken = _whole("Words spoken.", 240)
    pronunciation_avg = _mean("pronunciation", nullable=True)
    fluency_avg = _mean("fluency", nullable=True)
    grammar_avg = _mean("grammar", nullable=True)


class BreakdownTotalsSchema(Schema):
    """All days together."""

    sessions = _whole("Sessions.", 6)
    minutes = _minutes()
    words_spoken = _whole("Words spoken.", 720)


class BreakdownSchema(Schema):
    """What was practised day by day."""

    days = ma.fields.List(
        ma.fields.Nested(DaySchema),
        required=True,
        metadata={"description": "The days, newest first, those without practice included."},
    )
    totals = ma.fields.Nested(
        BreakdownTotalsSchema, required=True, metadata={"description": "All days together."}
    )


class WarmupQuerySchema(Schema):
    """Whose calendar to use."""

    zone_name = _zone()


class LastSessionSchema(Schema):
    """The learner's latest session in short."""

    session_result_id = fields.Id(
        required=True,
        metadata={"description": "Its id.", "example": "3f0c9f6e-7a41-4c54-9f0b-2f6d5f3f7f10"},
    )
    session_type = fields.Choice(
        SESSION_TYPES,
        required=True,
        metadata={"description": "What was practised.", "example": "roleplay"},
    )
    duration_seconds = _whole("How long it took, in seconds.", 300)
    pronunciation_score = _mean("pronunciation", nullable=True)
    fluency_score = _mean("fluency", nullable=True)
    grammar_score = _mean("grammar", nullable=True)
    areas_to_improve = ma.fields.List(
        ma.fields.String(),
        required=True,
        metadata={"description": "What to work on.", "example": ["past tense"]},
    )
    completed_at = ma.fields.AwareDateTime(
        required=True,
        metadata={"description": "When it ended; UTC.", "example": "2026-03-01T17:30:00.000000Z"},
    )
    created_at = ma.fields.AwareDateTime(
        required=True,
        metadata={
            "description": "When it was stored; UTC.",
            "example": "2026-03-01T17:30:02.000000Z",
        },
    )


class BasedOnSchema(Schema):
    """Which days the warm-up rests on."""

    from_ = ma.fields.Date(
        data_key="from", required=True, metadata={"description": "First day.", **_DAY}
    )
    to = _day("Last day: today, or after a break the day of the last session.")
    sessions = _whole("Sessions in these days.", 6)


class WarmupSchema(Schema):
    """What to warm up with."""

    focus_areas = ma.fields.List(
        ma.fields.String(),
        required=True,
        validate=ma.validate.Length(max=5),
        metadata={"description": "Most frequent areas to improve.", "example": ["past tense"]},
    )
    vocabulary_review = ma.fields.List(
        ma.fields.String(),
        required=True,
        validate=ma.validate.Length(max=10),
        metadata={
            "description": "Words met least often; ties: longest ago first, then by name.",
            "example": ["reservation"],
        },
    )
    last_session_summary = ma.fields.Nested(
        LastSessionSchema,
        required=True,
        allow_none=True,
        metadata={"description": "The latest session; null where there is none."},
    )
    based_on = ma.fields.Nested(
        BasedOnSchema, required=True, metadata={"description": "Which days this rests on."}
    )
