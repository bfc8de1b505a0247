"""What the answer to a save tells beside the stored session: what it unlocked, and the streak."""

import marshmallow as ma

from vorex_sessions import fields
from vorex_sessions.schemas import ProblemSchema, Schema
from vorex_sessions.sessions.schemas import SessionResultSchema

_ID = "3f0c9f6e-7a41-4c54-9f0b-2f6d5f3f7f10"
_STAMP = "2026-03-01T17:30:00.000000Z"


def _text(description: str, example: str, *choices: str) -> ma.fields.String:
    return ma.fields.String(
        required=True,
        validate=ma.validate.OneOf(choices) if choices else None,
        metadata={"description": description, "example": example},
    )


def _number(
    description: str, example: float, most: float | None = None, *, whole: bool = False
) -> ma.fields.Number:  # type: ignore[type-arg]  # of int or float
    kind = ma.fields.Integer if whole else ma.fields.Float
    return kind(
        required=True,
        validate=ma.validate.Range(0, most),
        metadata={"description": description, "example": example},
    )


def _flag(description: str) -> ma.fields.Boolean:
    return ma.fields.Boolean(required=True, metadata={"description": description, "example": False})


def _instant(description: str) -> ma.fields.AwareDateTime:
    return ma.fields.AwareDateTime(
        required=True,
        allow_none=True,
        metadata={"description": description, "example": _STAMP},
    )


class AchievementSchema(Schema):
    """An achievement, and how far the learner is."""

    key = _text("Its name for programs; it never changes.", "streak_7")
    title = _text("Its name for learners.", "Full week")
    description = _text("What it takes.", "Keep a streak of 7 days.")
    category = _text("What it is about.", "streaks")
    tier = _text("How hard it is.", "bronze", "bronze", "silver", "gold")
    threshold = _number("The value that unlocks it.", 7)
    value = _number("Where the learner is now.", 3)
    progress = _number("The part of the way, 0 to 1; 1 where it is unlocked.", 0.4285, 1)
    unlocked_at = _instant("When the session that brought it was completed; null before. UTC.")
    session_result_id = fields.Id(
        required=True,
        allow_none=True,
        metadata={"description": "The session that brought it; null before.", "example": _ID},
    )


class StreakSchema(Schema):
    """How many days in a row the learner has practised, as of today."""

    current = _number("Days practised in the streak that stands; 0 if none.", 12, whole=True)
    longest = _number("The longest streak ever.", 30, whole=True)
    practiced_today = _flag("Whether today counts already.")
    at_risk = _flag("Whether the streak breaks tonight unless the learner practises.")
    ends_at = _instant("When the streak breaks without practice, freezes counted in; null if none.")
    last_practiced_on = ma.fields.Date(
        required=True,
        allow_none=True,
        metadata={"description": "The last day that counts, or null.", "example": "2026-03-01"},
    )
    freezes = _number("Missed days that the streak can still bear.", 1, 2, whole=True)


_UNLOCKED = {"description": "What this session has unlocked; a replay repeats it."}
_STREAK = {"description": "The learner's streak now, by the calendar of the latest session."}


class SavedSchema(SessionResultSchema):
    """A session result that was saved, with what it brought."""

    achievements_unlocked = ma.fields.List(
        ma.fields.Nested(AchievementSchema), required=True, metadata=_UNLOCKED
    )
    streak = ma.fields.Nested(StreakSchema, required=True, metadata=_STREAK)


class SavedItemSchema(Schema):
    """What became of one item of a batch."""

    index = _number("Its place in the batch, from 0.", 1, whole=True)
    status = _text(
        "`created` now, stored before (`replayed`), or `rejected`.",
        "created",
        *("created", "replayed", "rejected"),
    )
    session = ma.fields.Nested(
        SessionResultSchema, metadata={"description": "The stored result, unless rejected."}
    )
    problem = ma.fields.Nested(
        ProblemSchema, metadata={"description": "Why it was rejected; nothing of it was stored."}
    )
    achievements_unlocked = ma.fields.List(ma.fields.Nested(AchievementSchema), metadata=_UNLOCKED)
    streak = ma.fields.Nested(StreakSchema, metadata=_STREAK)


class SavedBatchSchema(Schema):
    """What became of a batch."""

    results = ma.fields.List(
        ma.fields.Nested(SavedItemSchema),
        required=True,
        metadata={"description": "An answer for each item, in the order they were sent."},
    )
    created = _number("How many were stored now.", 1, whole=True)
    replayed = _number("How many had been stored before.", 1, whole=True)
    rejected = _number("How many were not stored.", 1, whole=True)
