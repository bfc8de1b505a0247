"""Schemas of the learner's calendar and goals."""

from typing import Any

import marshmallow as ma

from vorex_sessions.preferences.history import DEFAULTS, WEEK_STARTS, WEEKDAYS
from vorex_sessions.web import answer_fields, body_fields
from vorex_sessions.web.schemas import Schema

LATEST_START = 6  # the hour at which a day may start
LONGEST_PAUSE = 366  # days
_FURTHEST = 2  # days between the UTC day and that from which a change counts
LARGEST_GOAL = 1440  # minutes a day

EXAMPLE = {
    "day_starts_at": 4,
    "week_starts_on": "monday",
    "daily_goal_minutes": 15,
    "weekly_goal_days": 5,
    "rest_days": ["sunday"],
    "pause": {"from": "2026-07-01", "to": "2026-07-14"},
}


class Weekdays(ma.fields.List[str]):
    """A list of weekdays, kept in the order of the week and without repeats."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            body_fields.Choice(WEEKDAYS, description="A weekday.", example="sunday"),
            error_messages={**body_fields.COMMON, "invalid": "must be a list of weekdays"},
            **body_fields.documented(options),
        )

    def _deserialize(  # type: ignore[override]  # no entry is ever None here
        self, value: Any, attr: Any, data: Any, **kwargs: Any
    ) -> list[str]:
        if not isinstance(value, list) or len(value) > len(WEEKDAYS):
            raise self.make_error("invalid")
        given = super()._deserialize(value, attr, data, **kwargs)
        return [name for name in WEEKDAYS if name in given]


class PauseSchema(Schema):
    """The first and the last day of a pause."""

    from_ = body_fields.Day(
        data_key="from", required=True, description="Its first day.", example="2026-07-01"
    )
    to = body_fields.Day(required=True, description="Its last day.", example="2026-07-14")

    @ma.validates_schema
    def _check_order(self, data: dict[str, Any], **kwargs: Any) -> None:
        days = (data["to"] - data["from_"]).days + 1
        if days < 1:
            raise ma.ValidationError("must not be before pause.from", "to")
        if days > LONGEST_PAUSE:
            rule = f"must be at most {LONGEST_PAUSE} days after pause.from, the first day included"
            raise ma.ValidationError(rule, "to")


def _pause(**options: Any) -> ma.fields.Nested:
    return ma.fields.Nested(
        PauseSchema,
        allow_none=True,
        metadata={
            "description": "Days off, such as holidays: a day missed meanwhile neither breaks a streak nor "
            f"costs a freeze. At most {LONGEST_PAUSE} days; they count from the day on which they are set. "
            "Null: none.",
            "example": EXAMPLE["pause"],
        },
        **options,
    )


class PreferencesSchema(Schema):
    """What the learner has set. What is left out of a PUT is set to its default."""

    day_starts_at = body_fields.Whole(
        0,
        LATEST_START,
        load_default=DEFAULTS.day_starts_at,
        description="The hour at which the learner's day starts. A session before it counts on the day "
        "before, if it is saved after this was set.",
        example=4,
    )
    week_starts_on = body_fields.Choice(
        WEEK_STARTS,
        load_default=DEFAULTS.week_starts_on,
        description="The first day of the learner's week.",
        example="monday",
    )
    daily_goal_minutes = body_fields.Whole(
        1,
        LARGEST_GOAL,
        load_default=DEFAULTS.daily_goal_minutes,
        allow_none=True,
        description="The goal in minutes a day; null: none.",
        example=15,
    )
    weekly_goal_days = body_fields.Whole(
        1,
        7,
        load_default=DEFAULTS.weekly_goal_days,
        allow_none=True,
        description="The goal in days of practice a week; null: none.",
        example=5,
    )
    rest_days = Weekdays(
        load_default=list,
        description="Weekdays on which the learner rests: a missed one neither breaks a streak nor costs a "
        "freeze. They count from the day on which they are set.",
        example=["sunday"],
    )
    pause = _pause(load_default=None)


class KeptPreferencesSchema(PreferencesSchema):
    """What the learner had set from a day on, as an import takes it back."""

    class Meta:
        exclude = ("pause",)

    set_on = body_fields.Day(
        required=True, description="The day from which on it was in force.", example="2026-03-01"
    )
    set_at = body_fields.Instant(
        required=True,
        description="When it was last set on that day.",
        example=answer_fields.STAMP,
    )
    pause_from = body_fields.Day(
        load_default=None,
        allow_none=True,
        description="The first day of the pause, or null.",
        example="2026-07-01",
    )
    pause_to = body_fields.Day(
        load_default=None,
        allow_none=True,
        description="Its last day, or null.",
        example="2026-07-14",
    )

    @ma.validates_schema
    def _check_days(self, data: dict[str, Any], **kwargs: Any) -> None:
        """The days are those that a PUT could have set."""
        if abs((data["set_on"] - data["set_at"].date()).days) > _FURTHEST:
            raise ma.ValidationError("must be the learner's day at set_at", "set_on")
        start, end = data["pause_from"], data["pause_to"]
        if (start is None) != (end is None):
            raise ma.ValidationError("must be given together with pause_from", "pause_to")
        if start and not 0 <= (end - start).days < LONGEST_PAUSE:
            raise ma.ValidationError(
                f"must be at most {LONGEST_PAUSE} days after pause_from, and not before it",
                "pause_to",
            )


class SetPreferencesSchema(PreferencesSchema):
    """What the learner has set."""

    def on_bind_field(self, field_name: str, field_obj: ma.fields.Field[Any]) -> None:
        """Document every member as required: a default stands where nothing was set."""
        field_obj.load_default = ma.missing
        field_obj.required = True


class PreferencesRowSchema(Schema):
    """What the learner had set from a day on, as the export shows it."""

    set_on = answer_fields.day("The day from which on it was in force.")
    set_at = answer_fields.instant("When it was last set on that day.")
    day_starts_at = answer_fields.whole("The hour at which a day starts.", 4, LATEST_START)
    week_starts_on = answer_fields.text("The first day of a week.", "monday", WEEK_STARTS)
    daily_goal_minutes = answer_fields.whole(
        "The goal in minutes a day, or null.", 15, LARGEST_GOAL, least=1, allow_none=True
    )
    weekly_goal_days = answer_fields.whole(
        "The goal in days a week, or null.", 5, 7, least=1, allow_none=True
    )
    rest_days = answer_fields.texts("Weekdays on which the learner rests.", "sunday", 7)
    pause_from = answer_fields.day("The first day of the pause, or null.", allow_none=True)
    pause_to = answer_fields.day("Its last day, or null.", allow_none=True)
