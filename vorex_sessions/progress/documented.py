"""The fields that the schemas of this capability share, with their descriptions."""

import marshmallow as ma

from vorex_sessions import fields

DAY = {"example": "2026-03-01"}


def zone() -> fields.Zone:
    """Whose calendar says what today is."""
    return fields.Zone(
        data_key="timezone",
        metadata={
            "description": (
                "Whose calendar says what today is: an IANA name or `UTC±HH:MM`. By default that of "
                "the learner's latest session, else UTC."
            ),
            "example": "Europe/Berlin",
        },
    )


def whole(description: str, example: int) -> ma.fields.Integer:
    """A whole number that is always there, at least 0."""
    return ma.fields.Integer(
        required=True,
        validate=ma.validate.Range(0),
        metadata={"description": description, "example": example},
    )


def minutes(description: str = "Time practised, in minutes, 1 decimal.") -> ma.fields.Float:
    """A time in minutes."""
    return ma.fields.Float(
        required=True,
        validate=ma.validate.Range(0),
        metadata={"description": description, "example": 12.5},
    )


def day(description: str, *, allow_none: bool = False) -> ma.fields.Date:
    """A calendar day that is always a member, if only as null."""
    return ma.fields.Date(
        required=True, allow_none=allow_none, metadata={"description": description, **DAY}
    )


def score(skill: str) -> ma.fields.Float:
    """A session's own score, null where it was not measured."""
    return ma.fields.Float(
        required=True,
        allow_none=True,
        validate=ma.validate.Range(0, 100),
        metadata={
            "description": f"{skill.capitalize()} score, 0 to 100; null where it was not measured.",
            "example": 82.5,
        },
    )


def mean(skill: str, *, nullable: bool) -> ma.fields.Float:
    """A mean score, null or 0.0 where none was measured."""
    empty = "null" if nullable else "0.0"
    return ma.fields.Float(
        required=True,
        allow_none=nullable,
        validate=ma.validate.Range(0, 100),
        metadata={
            "description": f"Mean {skill} score, 1 decimal; {empty} where none was measured.",
            "example": 82.4,
        },
    )


def instant(description: str) -> ma.fields.AwareDateTime:
    """An instant that is always there."""
    return ma.fields.AwareDateTime(
        required=True,
        metadata={"description": description, "example": "2026-03-01T17:30:00.000000Z"},
    )


def recall() -> ma.fields.Float:
    """A predicted recall."""
    return ma.fields.Float(
        required=True,
        allow_none=True,
        validate=ma.validate.Range(0, 1),
        metadata={
            "description": "Predicted probability of recalling it today; null without an outcome.",
            "example": 0.8213,
        },
    )
