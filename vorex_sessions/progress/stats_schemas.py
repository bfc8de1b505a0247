"""What the statistics take and answer."""

import marshmallow as ma

from vorex_sessions import fields
from vorex_sessions.models import SESSION_TYPES
from vorex_sessions.periods import DAYS
from vorex_sessions.progress import documented
from vorex_sessions.schemas import Schema


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
    zone_name = documented.zone()
    session_type = fields.Choice(
        SESSION_TYPES,
        metadata={"description": "Only sessions of this type.", "example": "roleplay"},
    )


class ScoredSessionsSchema(Schema):
    """How many sessions each mean rests on."""

    pronunciation = documented.whole("Sessions with a pronunciation score.", 6)
    fluency = documented.whole("Sessions with a fluency score.", 6)
    grammar = documented.whole("Sessions with a grammar score.", 4)


class TotalsSchema(Schema):
    """Totals and means."""

    total_sessions = documented.whole("Sessions.", 6)
    total_duration = documented.whole("Time practised, in seconds.", 1800)
    total_words_spoken = documented.whole("Words spoken.", 720)
    avg_pronunciation = documented.mean("pronunciation", nullable=False)
    avg_fluency = documented.mean("fluency", nullable=False)
    avg_grammar = documented.mean("grammar", nullable=False)
    scored_sessions = ma.fields.Nested(
        ScoredSessionsSchema,
        required=True,
        metadata={"description": "How many sessions each mean rests on."},
    )


class PreviousSchema(TotalsSchema):
    """The same totals for the period just before."""

    period_start = documented.day("First day of the earlier period.")
    period_end = documented.day("Last day of the earlier period, cut at the present time of day.")


class TypeFiguresSchema(Schema):
    """The sessions of one type."""

    count = documented.whole("Sessions of this type.", 3)
    avg_duration = documented.whole("Their mean duration, in seconds.", 300)


class TrendSchema(Schema):
    """The means of one day."""

    date = documented.day("The calendar day.")
    pronunciation = documented.mean("pronunciation", nullable=True)
    fluency = documented.mean("fluency", nullable=True)
    grammar = documented.mean("grammar", nullable=True)


class TopicCountSchema(Schema):
    """How many sessions were about a topic."""

    topic = ma.fields.String(
        required=True, metadata={"description": "The topic.", "example": "travel"}
    )
    count = documented.whole("Sessions.", 3)


class AreaCountSchema(Schema):
    """How many sessions named an area to improve."""

    area = ma.fields.String(
        required=True, metadata={"description": "The area.", "example": "past tense"}
    )
    count = documented.whole("Sessions.", 3)


class StatsSchema(TotalsSchema):
    """A learner's statistics over a period."""

    period = ma.fields.String(
        required=True,
        validate=ma.validate.OneOf((*DAYS, "all")),
        metadata={"description": "The period asked for.", "example": "week"},
    )
    period_start = documented.day(
        "First day counted; null for `all` without a session.", allow_none=True
    )
    period_end = documented.day("Today; a traveller's session dated later is counted too.")
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
