"""Schemas of comparisons."""

from vorex_sessions.cohorts.pages import MEASURES, PERIODS
from vorex_sessions.cohorts.service import DETAILS
from vorex_sessions.web import answer_fields, body_fields, query_fields
from vorex_sessions.web.schemas import Schema

_STAMP = "2026-03-01T03:30:00.000000Z"


class ChoiceSchema(Schema):
    """Whether to take part."""

    opt_in = body_fields.Flag(
        required=True,
        description="`true`: join comparisons; `false`: leave them, which removes the stored values.",
        example=True,
    )


class ChosenSchema(Schema):
    """Whether the learner takes part, and since when."""

    opt_in = answer_fields.flag("Whether the learner takes part.", True)
    since = answer_fields.instant("When the learner joined; null if not.", _STAMP, allow_none=True)


class ComparisonQuerySchema(Schema):
    """The period, the language and the level."""

    period = body_fields.Choice(
        PERIODS,
        load_default="month",
        description="The last 30 or 365 days before the day (UTC) of the snapshot.",
        example="month",
    )
    language = query_fields.one_language()
    level = query_fields.Phrase(
        50,
        tidied=True,
        description="The level to compare at, as in `metadata.user_level` of sessions, in any case. By "
        "default the level at which the learner practised the language last.",
        example="B1",
    )


class BandSchema(Schema):
    """A band of percentiles. Its end is excluded, except for 100."""

    from_ = answer_fields.whole("The start of the band.", 60, 95, data_key="from")
    to = answer_fields.whole("The end of the band.", 65, 100, least=5)


STATUSES = tuple(DETAILS)
MEASURE_STATUSES = (*STATUSES, "not_measured")


class MeasureSchema(Schema):
    """One measure: the learner's own value, and its percentile."""

    status = answer_fields.text("`compared`, or why not.", "compared", MEASURE_STATUSES)
    value = answer_fields.number(
        "The learner's own value that was compared; else the value in the last snapshot.",
        78.4,
        least=None,
        allow_none=True,
    )
    sessions = answer_fields.whole("How many sessions the value is based on.", 12)
    percentile = answer_fields.nested(
        BandSchema,
        "The band of the percentile: 5 points wide, or 25 where fewer than 30 learners are counted.",
        allow_none=True,
    )
    learners = answer_fields.whole(
        "How many learners were counted, to the nearest 10.", 120, least=10, allow_none=True
    )
    counted_at = answer_fields.instant("When the learners were counted.", _STAMP, allow_none=True)


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
    """The learner compared with others."""

    status = answer_fields.text(
        "`compared` if any measure is compared; else the reason why none is.", "compared", STATUSES
    )
    detail = answer_fields.text("The status as a sentence.", DETAILS["compared"])
    opt_in = answer_fields.flag("Whether the learner takes part.", True)
    language = answer_fields.language("The language that it is about.")
    period = answer_fields.text("The requested period.", "month", PERIODS)
    level = answer_fields.text(
        "The level, in capitals; null where no snapshot has the learner at it.",
        "B1",
        allow_none=True,
    )
    measures = answer_fields.nested(MeasuresSchema, "Each measure.")


class ParticipantRowSchema(Schema):
    """The learner's participation in comparisons, as the export shows it."""

    since = answer_fields.instant("When the learner joined.")


class KeptParticipantSchema(Schema):
    """The learner's participation in comparisons, as an import takes it back."""

    since = body_fields.Instant(
        required=True, description="When the learner joined.", example=_STAMP
    )


class StandingRowSchema(Schema):
    """The learner's own value in a cohort, as the export shows it."""

    language = answer_fields.language("The language.")
    period = answer_fields.text("The period.", "month", PERIODS)
    level = answer_fields.text("The level, in capitals.", "B1")
    measure = answer_fields.text("What was measured.", "fluency", MEASURES)
    value = answer_fields.number("The value in the last snapshot.", 78.4, least=None)
    sessions = answer_fields.whole("How many sessions it is based on.", 12)
    last_day = answer_fields.day("The last day counted.")
    since = answer_fields.instant("When the learner joined.")
    noted_at = answer_fields.instant("When value or sessions last changed.")
    published = answer_fields.number(
        "The published value, where it is another one.", 77.9, least=None, allow_none=True
    )
    published_sessions = answer_fields.whole(
        "The published number of sessions, likewise.", 11, allow_none=True
    )
