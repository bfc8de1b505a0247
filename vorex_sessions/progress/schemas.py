"""What the daily breakdown and the warm-up take and answer; the statistics' are next door."""

import marshmallow as ma

from vorex_sessions import fields, query_fields
from vorex_sessions.models import SESSION_TYPES
from vorex_sessions.progress import documented
from vorex_sessions.schemas import Schema


class BreakdownQuerySchema(Schema):
    """How many days, on whose calendar."""

    days = query_fields.Whole(
        1,
        366,
        load_default=7,
        metadata={"description": "How many calendar days, today included.", "example": 7},
    )
    zone_name = documented.zone()


class DaySchema(Schema):
    """What was practised on one day."""

    date = documented.day("The calendar day.")
    sessions = documented.whole("Sessions.", 2)
    minutes = documented.minutes()
    words_spoken = documented.whole("Words spoken.", 240)
    pronunciation_avg = documented.mean("pronunciation", nullable=True)
    fluency_avg = documented.mean("fluency", nullable=True)
    grammar_avg = documented.mean("grammar", nullable=True)


class BreakdownTotalsSchema(Schema):
    """All days together."""

    sessions = documented.whole("Sessions.", 6)
    minutes = documented.minutes()
    words_spoken = documented.whole("Words spoken.", 720)


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

    zone_name = documented.zone()


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
    duration_seconds = documented.whole("How long it took, in seconds.", 300)
    pronunciation_score = documented.score("pronunciation")
    fluency_score = documented.score("fluency")
    grammar_score = documented.score("grammar")
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
        data_key="from", required=True, metadata={"description": "First day.", **documented.DAY}
    )
    to = documented.day("Last day: today, or after a break the day of the last session.")
    sessions = documented.whole("Sessions in these days.", 6)


class ReviewSchema(Schema):
    """Why to review a word."""

    word = ma.fields.String(
        required=True, metadata={"description": "The word.", "example": "reservation"}
    )
    reason = ma.fields.String(
        required=True,
        validate=ma.validate.OneOf(("due", "forgotten", "new", "rarely met")),
        metadata={
            "description": (
                "`forgotten` the last time, or `due`; without an outcome `new` (met once) or "
                "`rarely met`."
            ),
            "example": "due",
        },
    )
    recall = documented.recall()
    last_seen = documented.instant("When the last session that named it was completed; UTC.")
    times_seen = documented.whole("Sessions that named it.", 3)


class FocusSkillSchema(Schema):
    """A skill to work on, and why."""

    skill = ma.fields.String(
        required=True, metadata={"description": "Its key.", "example": "past-simple"}
    )
    name = ma.fields.String(
        required=True, metadata={"description": "Its name.", "example": "Past simple"}
    )
    reason = ma.fields.String(
        required=True,
        validate=ma.validate.OneOf(("foundation", "named", "almost", "in progress", "new")),
        metadata={"description": "Why now, for programs.", "example": "named"},
    )
    explanation = ma.fields.String(
        required=True,
        metadata={
            "description": "Why now, in a sentence.",
            "example": "Named as an area to improve, and not mastered yet.",
        },
    )


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
            "description": (
                "Words with known outcomes whose predicted recall is below 0.9, lowest first; then "
                "those met least often, ties: longest ago first, then by name."
            ),
            "example": ["reservation"],
        },
    )
    vocabulary_details = ma.fields.List(
        ma.fields.Nested(ReviewSchema),
        required=True,
        validate=ma.validate.Length(max=10),
        metadata={"description": "Why each of these words, in the same order."},
    )
    focus_skills = ma.fields.List(
        ma.fields.Nested(FocusSkillSchema),
        required=True,
        validate=ma.validate.Length(max=5),
        metadata={"description": "Skills to work on; empty while nothing is known of any."},
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
