"""Fields of response bodies, with descriptions and examples: always sent, for documentation only."""

from collections.abc import Collection
from typing import Any

import marshmallow as ma

from vorex_sessions.web import body_fields

DAY = {"example": "2026-03-01"}
STAMP = "2026-03-01T17:30:00.000000Z"


def zone() -> body_fields.Zone:
    """The query parameter `timezone`, which decides which day is today."""
    return body_fields.Zone(
        data_key="timezone",
        metadata={
            "description": (
                "The time zone that decides which day is today: an IANA name or `UTC±HH:MM`. By default "
                "the zone of the learner's latest session, else UTC."
            ),
            "example": "Europe/Berlin",
        },
    )


def text(
    description: str,
    example: str | None,
    choices: Collection[str] = (),
    *,
    allow_none: bool = False,
    data_key: str | None = None,
) -> ma.fields.String:
    """A text, or one of some choices."""
    return ma.fields.String(
        required=True,
        allow_none=allow_none,
        data_key=data_key,
        validate=ma.validate.OneOf(choices) if choices else None,
        metadata={"description": description, "example": example},
    )


def texts(description: str, example: str, most: int | None = None) -> ma.fields.List[Any]:
    """A list of texts."""
    return ma.fields.List(
        ma.fields.String(),
        required=True,
        validate=ma.validate.Length(max=most) if most else None,
        metadata={"description": description, "example": [example]},
    )


def number(
    description: str,
    example: float | None,
    most: float | None = None,
    *,
    least: float | None = 0,
    allow_none: bool = False,
) -> ma.fields.Float:
    """A number, of at least 0 unless `least` says otherwise."""
    bounded = least is not None or most is not None
    return ma.fields.Float(
        required=True,
        allow_none=allow_none,
        validate=ma.validate.Range(least, most) if bounded else None,
        metadata={"description": description, "example": example},
    )


def whole(
    description: str,
    example: int,
    most: int | None = None,
    *,
    least: int = 0,
    allow_none: bool = False,
    data_key: str | None = None,
) -> ma.fields.Integer:
    """A whole number, of at least 0 unless `least` says otherwise."""
    return ma.fields.Integer(
        required=True,
        allow_none=allow_none,
        data_key=data_key,
        validate=ma.validate.Range(least, most),
        metadata={"description": description, "example": example},
    )


def flag(description: str, example: bool = False) -> ma.fields.Boolean:
    """True or false."""
    return ma.fields.Boolean(
        required=True, metadata={"description": description, "example": example}
    )


def instant(
    description: str, example: str = STAMP, *, allow_none: bool = False
) -> ma.fields.AwareDateTime:
    """An instant in UTC."""
    return ma.fields.AwareDateTime(
        required=True,
        allow_none=allow_none,
        metadata={"description": description, "example": example},
    )


def day(
    description: str, *, allow_none: bool = False, data_key: str | None = None
) -> ma.fields.Date:
    """A calendar day."""
    return ma.fields.Date(
        required=True,
        allow_none=allow_none,
        data_key=data_key,
        metadata={"description": description, **DAY},
    )


def session_id(description: str, *, allow_none: bool = False) -> body_fields.Id:
    """The id of a session result."""
    return body_fields.Id(
        required=True,
        allow_none=allow_none,
        metadata={"description": description, "example": "3f0c9f6e-7a41-4c54-9f0b-2f6d5f3f7f10"},
    )


def nested(
    schema: type[ma.Schema], description: str, *, allow_none: bool = False
) -> ma.fields.Nested:
    """An object."""
    return ma.fields.Nested(
        schema, required=True, allow_none=allow_none, metadata={"description": description}
    )


def items(
    schema: type[ma.Schema], description: str, *, most: int | None = None, equal: int | None = None
) -> ma.fields.List[Any]:
    """A list of objects."""
    length = ma.validate.Length(max=most, equal=equal) if most or equal else None
    return ma.fields.List(
        ma.fields.Nested(schema),
        required=True,
        validate=length,
        metadata={"description": description},
    )


def minutes(description: str = "Time practised, in minutes, 1 decimal.") -> ma.fields.Float:
    """A time in minutes."""
    return number(description, 12.5)


def score(skill: str) -> ma.fields.Float:
    """The score of a session, null where it was not measured."""
    description = f"{skill.capitalize()} score, 0 to 100; null where it was not measured."
    return number(description, 82.5, 100, allow_none=True)


def mean(skill: str, *, nullable: bool) -> ma.fields.Float:
    """A mean score, null or 0.0 where none was measured."""
    empty = "null" if nullable else "0.0"
    description = f"Mean {skill} score, 1 decimal; {empty} where none was measured."
    return number(description, 82.4, 100, allow_none=nullable)


def recall() -> ma.fields.Float:
    """A predicted recall."""
    description = "Predicted probability of recalling it today; null without an outcome."
    return number(description, 0.8213, 1, allow_none=True)


def has_more() -> ma.fields.Boolean:
    """Whether another page follows."""
    return flag("Whether another page follows.")


def next_cursor(example: str | None) -> ma.fields.String:
    """The cursor of the next page."""
    description = "The `cursor` of the next page; null on the last page."
    return text(description, example, allow_none=True)
