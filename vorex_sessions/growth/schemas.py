"""What the endpoints of this capability take and answer; what a save tells, too, is among its schemas."""

import marshmallow as ma

from vorex_sessions import fields, query_fields
from vorex_sessions.progress import documented
from vorex_sessions.schemas import Schema
from vorex_sessions.sessions.saved_schemas import AchievementSchema, StreakSchema


class StreakQuerySchema(Schema):
    """Whose calendar, and what for."""

    zone_name: fields.Zone = documented.zone()
    goal_minutes = query_fields.Whole(
        1,
        1440,
        load_default=10,
        metadata={"description": "How many minutes a day the learner aims at.", "example": 10},
    )


class CalendarDaySchema(Schema):
    """A day of the calendar."""

    date = documented.day("The calendar day.")
    minutes = documented.minutes()
    practiced = ma.fields.Boolean(
        required=True, metadata={"description": "Whether the day counts.", "example": True}
    )
    frozen = ma.fields.Boolean(
        required=True,
        metadata={
            "description": "Whether it was missed, and a freeze has covered it in the current streak.",
            "example": False,
        },
    )


class StreakPageSchema(StreakSchema):
    """The streak, today, and the last 28 days."""

    minutes_today = documented.minutes("Time practised today, in minutes, 1 decimal.")
    goal_minutes = documented.whole("The goal that was asked for, in minutes a day.", 10)
    calendar = ma.fields.List(
        ma.fields.Nested(CalendarDaySchema),
        required=True,
        validate=ma.validate.Length(equal=28),
        metadata={"description": "The last 28 days, newest first."},
    )


class AchievementsSchema(Schema):
    """All there is to reach."""

    achievements = ma.fields.List(
        ma.fields.Nested(AchievementSchema),
        required=True,
        metadata={"description": "The whole catalogue, in its order."},
    )
    unlocked = documented.whole("How many are unlocked.", 9)
    total = documented.whole("How many there are.", 34)
