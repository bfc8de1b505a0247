"""Fields of response bodies, with descriptions and examples; for documentation only.

A field is always sent, unless it is told `required=False`. Other keyword arguments are marshmallow's.
"""

from collections.abc import Collection
from typing import Any, TypeVar

import marshmallow as ma

STAMP = "2026-03-01T17:30:00.000000Z"
SESSION_ID = "3f0c9f6e-7a41-4c54-9f0b-2f6d5f3f7f10"
F = TypeVar("F", bound=ma.fields.Field[Any])


def _field(
    kind: type[F], description: str, example: Any, options: dict[str, Any], rule: Any = None
) -> F:
    metadata = {"description": description, "example": example}
    return kind(**{"required": True, "validate": rule, "metadata": metadata, **options})


def text(
    description: str, example: str | None, choices: Collection[str] = (), **options: Any
) -> ma.fields.String:
    """A text, or one of some choices."""
    rule = ma.validate.OneOf(choices) if choices else None
    return _field(ma.fields.String, description, example, options, rule)


def texts(
    description: str, example: str, most: int | None = None, **options: Any
) -> ma.fields.List[Any]:
    """A list of texts."""
    rule = ma.validate.Length(max=most) if most else None
    inner = {"cls_or_instance": ma.fields.String(), **options}
    return _field(ma.fields.List, description, [example], inner, rule)


def number(
    description: str,
    example: float | None,
    most: float | None = None,
    *,
    least: float | None = 0,
    **options: Any,
) -> ma.fields.Float:
    """A number, of at least 0 unless `least` says otherwise."""
    rule = None if least is None and most is None else ma.validate.Range(least, most)
    return _field(ma.fields.Float, description, example, options, rule)


def whole(
    description: str, example: int, most: int | None = None, *, least: int = 0, **options: Any
) -> ma.fields.Integer:
    """A whole number, of at least 0 unless `least` says otherwise."""
    return _field(ma.fields.Integer, description, example, options, ma.validate.Range(least, most))


def flag(description: str, example: bool = False, **options: Any) -> ma.fields.Boolean:
    """True or false."""
    return _field(ma.fields.Boolean, description, example, options)


def instant(description: str, example: str = STAMP, **options: Any) -> ma.fields.AwareDateTime:
    """An instant in UTC."""
    return _field(ma.fields.AwareDateTime, description, example, options)


def day(description: str, **options: Any) -> ma.fields.Date:
    """A calendar day."""
    return _field(ma.fields.Date, description, "2026-03-01", options)


def session_id(description: str, **options: Any) -> ma.fields.UUID:
    """The id of a session result."""
    return _field(ma.fields.UUID, description, SESSION_ID, options)


def nested(schema: type[ma.Schema], description: str, **options: Any) -> ma.fields.Nested:
    """An object."""
    return ma.fields.Nested(
        schema, **{"required": True, "metadata": {"description": description}, **options}
    )


def items(
    schema: type[ma.Schema],
    description: str,
    *,
    most: int | None = None,
    equal: int | None = None,
    **options: Any,
) -> ma.fields.List[Any]:
    """A list of objects."""
    length = ma.validate.Length(max=most, equal=equal) if most or equal else None
    shown = {"required": True, "validate": length, "metadata": {"description": description}}
    return ma.fields.List(ma.fields.Nested(schema), **{**shown, **options})


def seconds() -> ma.fields.Integer:
    """A time in seconds."""
    return whole("Time practised, in seconds.", 750)


def minutes(description: str = "Time practised, in minutes, 1 decimal.") -> ma.fields.Float:
    """A time in minutes."""
    return number(description, 12.5)


def score(skill: str) -> ma.fields.Float:
    """A session's own score, null where it was not measured."""
    described = f"{skill.capitalize()} score, 0 to 100; null where it was not measured."
    return number(described, 82.5, 100, allow_none=True)


def mean(skill: str, *, nullable: bool) -> ma.fields.Float:
    """A mean score, null or 0.0 where none was measured."""
    empty = "null" if nullable else "0.0"
    described = f"Mean {skill} score, 1 decimal; {empty} where none was measured."
    return number(described, 82.4, 100, allow_none=nullable)


def language(description: str = "The language, a tag of BCP 47.") -> ma.fields.String:
    """A language tag."""
    return text(description, "en")


def recall() -> ma.fields.Float:
    """A predicted recall."""
    described = "Predicted probability of recalling it today; null without an outcome."
    return number(described, 0.8213, 1, allow_none=True)


def has_more() -> ma.fields.Boolean:
    """Whether another page follows."""
    return flag("Whether another page follows.")


def next_cursor(example: str | None) -> ma.fields.String:
    """The cursor of the next page."""
    return text("The `cursor` of the next page; null on the last page.", example, allow_none=True)
