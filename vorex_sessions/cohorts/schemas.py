"""What the endpoints of this capability take and answer."""

import marshmallow as ma

from vorex_sessions import fields, query_fields
from vorex_sessions.cohorts.pages import MEASURES, PERIODS
from vorex_sessions.cohorts.service import DETAILS
from vorex_sessions.schemas import Schema

_STAMP = "2026-03-01T03:30:00.000000Z"


class ChoiceSchema(Schema):
    """Whether to take part."""

    opt_in = fields.Flag(
        required=True,
        metadata={
            "description": "`true`: be counted, and see where I stand; `false`: neither any more.",
            "example": True,
        },
    )


class ChosenSchema(Schema):
    """What was chosen."""

    opt_in = ma.fields.Boolean(
        required=True, metadata={"description": "Whether the learner takes part.", "example": True}
    )
    since = ma.fields.AwareDateTime(
        required=True,
        allow_none=True,
        metadata={"description": "Since when; null where not.", "example": _STAMP},
    )


class ComparisonQuerySchema(Schema):
    """What to compare."""

    period = fields.Choice(
        PERIODS,
        load_default="month",
        metadata={
            "description": "The last 30 or 365 days before the day (UTC) of the snapshot.",
            "example": "month",
        },
    )
    level = query_fields.Phrase(
        50,
        tidied=True,
        metadata={
            "description": (
                "The level to compare at, as sessions name it in `metadata.user_level`, in any case. By "
                "default the one at which the learner practised last."
            ),
            "example": "B1",
        },
    )


class BandSchema(Schema):
    """A band of percentiles; its end belongs to the next, but for 100."""

    from_ = ma.fields.Integer(
        data_key="from",
        required=True,
        validate=ma.validate.Range(0, 95),
        metadata={"description": "Where it begins.", "example": 60},
    )
    to = ma.fields.Integer(
        required=True,
        validate=ma.validate.Range(5, 100),
        metadata={"description": "Where it ends.", "example": 65},
    )


_STATUSES = tuple(DETAILS)


def _status(description: str, *choices: str) -> ma.fields.String:
    return ma.fields.String(
        required=True,
        validate=ma.validate.OneOf(choices),
        metadata={"description": description, "example": "compared"},
    )


class MeasureSchema(Schema):
    """One measure: the learner's own value, and where it stands."""

    status = _status(
        "`compared`, or why not.",
        *_STATUSES,
        "not_measured",
    )
    value = ma.fields.Float(
        required=True,
        allow_none=True,
        metadata={
            "description": "The learner's own value that was compared, else that of the last snapshot.",
            "example": 78.4,
        },
    )
    sessions = ma.fields.Integer(
        required=True,
        validate=ma.validate.Range(0),
        metadata={"description": "How many sessions it rests on.", "example": 12},
    )
    percentile = ma.fields.Nested(
        BandSchema,
        required=True,
        allow_none=True,
        metadata={
            "description": (
                "The band of its percentile, 5 points wide, 25 where fewer than 30 learners are counted."
            )
        },
    )
    learners = ma.fields.Integer(
        required=True,
        allow_none=True,
        validate=ma.validate.Range(10),
        metadata={
            "description": "How many learners were counted, to the nearest 10.",
            "example": 120,
        },
    )
    counted_at = ma.fields.AwareDateTime(
        required=True,
        allow_none=True,
        metadata={"description": "When they were counted.", "example": _STAMP},
    )


MeasuresSchema = Schema.from_dict(
    {
        name: ma.fields.Nested(MeasureSchema, required=True, metadata={"description": description})
        for name, description in zip(
            MEASURES,
            (
                "Mean pronunciation score, 1 decimal.",
                "Mean fluency score, 1 decimal.",
                "Mean grammar score, 1 decimal.",
                "Minutes practised.",
                "Sessions.",
                "Days practised.",
            ),
            strict=True,
        )
    },
    name="MeasuresSchema",
)


class ComparisonSchema(Schema):
    """Where the learner stands."""

    status = _status("`compared` where any measure is, or why none is.", *_STATUSES)
    detail = ma.fields.String(
        required=True,
        metadata={"description": "The status as a sentence.", "example": DETAILS["compared"]},
    )
    opt_in = ma.fields.Boolean(
        required=True, metadata={"description": "Whether the learner takes part.", "example": True}
    )
    period = ma.fields.String(
        required=True,
        validate=ma.validate.OneOf(PERIODS),
        metadata={"description": "The period.", "example": "month"},
    )
    level = ma.fields.String(
        required=True,
        allow_none=True,
        metadata={
            "description": "The level, in capitals; null where the learner is in no snapshot of it.",
            "example": "B1",
        },
    )
    measures = ma.fields.Nested(
        MeasuresSchema, required=True, metadata={"description": "Each measure."}
    )
