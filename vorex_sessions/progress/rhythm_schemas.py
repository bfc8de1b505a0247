"""Schemas of the rhythm."""

from vorex_sessions.models.limits import SESSION_TYPES
from vorex_sessions.preferences.history import WEEKDAYS
from vorex_sessions.progress.rhythm import PERIODS
from vorex_sessions.web import answer_fields, body_fields, query_fields
from vorex_sessions.web.schemas import Schema


class RhythmQuerySchema(Schema):
    """The period, the time zone, the type of session and the language."""

    period = body_fields.Choice(
        PERIODS,
        load_default="month",
        description="The last 30 or 365 calendar days, today included, or all time.",
        example="month",
    )
    zone_name = query_fields.zone()
    session_type = body_fields.Choice(
        SESSION_TYPES, description="Only sessions of this type.", example="roleplay"
    )
    language = query_fields.language("sessions")


class _FiguresSchema(Schema):
    """What was practised in a part of the time."""

    sessions = answer_fields.whole("Sessions.", 2)
    minutes = answer_fields.minutes()
    pronunciation_avg = answer_fields.mean("pronunciation", nullable=True)
    fluency_avg = answer_fields.mean("fluency", nullable=True)
    grammar_avg = answer_fields.mean("grammar", nullable=True)


class HourFiguresSchema(_FiguresSchema):
    """The sessions that ended in one hour of the day."""

    hour = answer_fields.whole("The hour: 18 is from 18:00 to 18:59.", 18, 23)


class WeekdayFiguresSchema(_FiguresSchema):
    """The sessions of one weekday."""

    weekday = answer_fields.text("The weekday of `practiced_on`.", "monday", WEEKDAYS)


class RhythmSchema(Schema):
    """At what hours and on which weekdays a learner practises."""

    period = answer_fields.text("The requested period.", "month", PERIODS)
    period_start = answer_fields.day(
        "First day counted; null for `all` without a session.", allow_none=True
    )
    period_end = answer_fields.day("Today; a traveller's session of a later day counts, too.")
    hours = answer_fields.items(
        HourFiguresSchema,
        "The hours 0 to 23, by when each session ended on the clock of its own `timezone`.",
        equal=24,
    )
    weekdays = answer_fields.items(
        WeekdayFiguresSchema, "The weekdays from Monday to Sunday.", equal=7
    )
