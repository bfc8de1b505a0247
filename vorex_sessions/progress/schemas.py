"""Schemas of the daily breakdown and the warm-up; those of the statistics are in stats_schemas.py."""

from vorex_sessions.models.limits import SESSION_TYPES
from vorex_sessions.progress.breakdown import MOST_DAYS
from vorex_sessions.web import answer_fields, body_fields, query_fields
from vorex_sessions.web.date_ranges import RangeQuerySchema
from vorex_sessions.web.schemas import Schema


class BreakdownQuerySchema(RangeQuerySchema):
    """The number of days or two dates, the time zone and the language."""

    most_days, instead_of = MOST_DAYS, "days"

    days = query_fields.Whole(
        1,
        MOST_DAYS,
        load_default=7,
        description="How many calendar days, today included. Instead, `date_from` and `date_to`, at most "
        f"{MOST_DAYS} days.",
        example=7,
    )
    zone_name = query_fields.zone()
    language = query_fields.language("sessions")


class DaySchema(Schema):
    """What was practised on one day."""

    date = answer_fields.day("The calendar day.")
    sessions = answer_fields.whole("Sessions.", 2)
    seconds = answer_fields.seconds()
    minutes = answer_fields.minutes()
    words_spoken = answer_fields.whole("Words spoken.", 240)
    pronunciation_avg = answer_fields.mean("pronunciation", nullable=True)
    fluency_avg = answer_fields.mean("fluency", nullable=True)
    grammar_avg = answer_fields.mean("grammar", nullable=True)


class BreakdownTotalsSchema(Schema):
    """Totals of all days."""

    sessions = answer_fields.whole("Sessions.", 6)
    seconds = answer_fields.seconds()
    minutes = answer_fields.minutes()
    words_spoken = answer_fields.whole("Words spoken.", 720)


class BreakdownSchema(Schema):
    """What was practised day by day."""

    days = answer_fields.items(
        DaySchema,
        "The days, newest first, those without practice included. Days after today are listed where they "
        "were asked for, or where a traveller has practised on them.",
    )
    totals = answer_fields.nested(BreakdownTotalsSchema, "Totals of all days.")


class WarmupQuerySchema(Schema):
    """The time zone and the language."""

    zone_name = query_fields.zone()
    language = query_fields.one_language()


class LastSessionSchema(Schema):
    """A summary of the learner's latest session."""

    session_result_id = answer_fields.session_id("Its id.")
    session_type = body_fields.Choice(
        SESSION_TYPES, required=True, description="What was practised.", example="roleplay"
    )
    duration_seconds = answer_fields.whole("How long it took, in seconds.", 300)
    pronunciation_score = answer_fields.score("pronunciation")
    fluency_score = answer_fields.score("fluency")
    grammar_score = answer_fields.score("grammar")
    areas_to_improve = answer_fields.texts("What to work on.", "past tense")
    completed_at = answer_fields.instant("When it ended; UTC.")
    created_at = answer_fields.instant("When it was stored; UTC.", "2026-03-01T17:30:02.000000Z")


class BasedOnSchema(Schema):
    """The days that the warm-up is based on."""

    from_ = answer_fields.day("First day.", data_key="from")
    to = answer_fields.day("Last day: today, or after a break the day of the last session.")
    sessions = answer_fields.whole("Sessions in these days.", 6)


class WarmupSchema(Schema):
    """What to warm up with. Capabilities add more (hooks/warmup_sections.py)."""

    language = answer_fields.language("The language that it is about.")
    focus_areas = answer_fields.texts("Most frequent areas to improve.", "past tense", 5)
    last_session_summary = answer_fields.nested(
        LastSessionSchema,
        "The latest session in the language; null where there is none.",
        allow_none=True,
    )
    based_on = answer_fields.nested(BasedOnSchema, "The days that the warm-up is based on.")
