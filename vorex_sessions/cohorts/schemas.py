"""What the endpoints of this capability take and answer."""

from vorex_sessions.cohorts.pages import MEASURES, PERIODS
from vorex_sessions.cohorts.service import DETAILS
from vorex_sessions.web import answer_fields, body_fields, query_fields
from vorex_sessions.web.schemas import Schema

_STAMP = "2026-03-01T03:30:00.000000Z"


class ChoiceSchema(Schema):
    """Whether to take part."""

    opt_in = body_fields.Flag(
        required=True,
        metadata={
            "description": "`true`: be counted, and see where I stand; `false`: neither any more.",
            "example": True,
        },
    )


class ChosenSchema(Schema):
    """What was chosen."""

    opt_in = answer_fields.flag("Whether the learner takes part.", True)
    since = answer_fields.instant("Since when; null where not.", _STAMP, allow_none=True)


class ComparisonQuerySchema(Schema):
    """What to compare."""

    period = body_fields.Choice(
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

    from_ = answer_fields.whole("Where it begins.", 60, 95, data_key="from")
    to = answer_fields.whole("Where it ends.", 65, 100, least=5)


_STATUSES = tuple(DETAILS)


class MeasureSchema(Schema):
    """One measure: the learner's own value, and where it stands."""

    status = answer_fields.text("`compared`, or why not.", "compared", (*_STATUSES, "not_measured"))
    value = answer_fields.number(
        "The learner's own value that was compared, else that of the last snapshot.",
        78.4,
        least=None,
        allow_none=True,
    )
    sessions = answer_fields.whole("How many sessions it rests on.", 12)
    percentile = answer_fields.nested(
        BandSchema,
        "The band of its percentile, 5 points wide, 25 where fewer than 30 learners are counted.",
        allow_none=True,
    )
    learners = answer_fields.whole(
        "How many learners were counted, to the nearest 10.", 120, least=10, allow_none=True
    )
    counted_at = answer_fields.instant("When they were counted.", _STAMP, allow_none=True)


_DESCRIPTIONS = (
    "Mean pronunciation score, 1 decimal.",
    "Mean fluency score, 1 decimal.",
    "Mean grammar score, 1 decimal.",
    "Minutes practised.",
    "Sessions.",
    "Days practised.",
)
MeasuresSchema = Schema.from_dict(
    {
        name: answer_fields.nested(MeasureSchema, description)
        for name, description in zip(MEASURES, _DESCRIPTIONS, strict=True)
    },
    name="MeasuresSchema",
)


class ComparisonSchema(Schema):
    """Where the learner stands."""

    status = answer_fields.text(
        "`compared` where any measure is, or why none is.", "compared", _STATUSES
    )
    detail = answer_fields.text("The status as a sentence.", DETAILS["compared"])
    opt_in = answer_fields.flag("Whether the learner takes part.", True)
    period = answer_fields.text("The period.", "month", PERIODS)
    level = answer_fields.text(
        "The level, in capitals; null where the learner is in no snapshot of it.",
        "B1",
        allow_none=True,
    )
    measures = answer_fields.nested(MeasuresSchema, "Each measure.")
