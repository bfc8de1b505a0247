"""marshmallow fields for JSON bodies.

Every message follows the field's name: "must be a whole number from 0 to 86400".
"""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Any

import marshmallow as ma

import language_tags
from vorex_sessions import periods, text
from vorex_sessions.problems.kinds import Problem
from vorex_sessions.problems.validation import validation_problem
from vorex_sessions.turns import in_turns

_INSTANT = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)", re.ASCII
)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
COMMON = {"required": "is required", "null": "may not be null"}
_DOCUMENTED = ("description", "example", "minLength", "maxLength")
ZONE_RULE = "must be an IANA name such as Europe/Berlin, or an offset such as UTC+02:00"


def documented(options: dict[str, Any]) -> dict[str, Any]:
    """Move what OpenAPI shows of a field (`description`, `example`, …) to marshmallow's `metadata`."""
    shown = {name: options.pop(name) for name in _DOCUMENTED if name in options}
    return {**options, "metadata": shown}


class Validated(ma.fields.Field[Any]):
    """A field that keeps what applies its validators: marshmallow makes it anew for each value."""

    @cached_property
    def _validate_all(self) -> Callable[[Any], None]:
        return super()._validate_all


class Whole(Validated, ma.fields.Integer):
    """A whole number; 300.0 is accepted as 300, "300" and true are refused."""

    def __init__(self, minimum: int, maximum: int, **options: Any) -> None:
        rule = f"must be a whole number from {minimum} to {maximum}"
        super().__init__(
            validate=ma.validate.Range(minimum, maximum, error=rule),
            error_messages={**COMMON, "invalid": rule},
            **documented(options),
        )

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> int:
        if type(value) is int:
            return value
        if type(value) is float and value.is_integer():
            return int(value)
        raise self.make_error("invalid")


class Score(Validated, ma.fields.Float):
    """A score from 0 to 100, or null where it was not measured."""

    def __init__(self, **options: Any) -> None:
        rule = "must be a number from 0 to 100, or null"
        super().__init__(
            allow_none=True,
            validate=ma.validate.Range(0, 100, error=rule),
            error_messages={**COMMON, "invalid": rule},
            **documented(options),
        )

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> float:
        if type(value) not in (int, float) or not 0 <= value <= 100:
            raise self.make_error("invalid")
        return abs(float(value))  # -0.0 is 0.0


class Flag(Validated, ma.fields.Boolean):
    """true or false; "true" and 1 are refused."""

    def __init__(self, **options: Any) -> None:
        rule = "must be true or false"
        super().__init__(error_messages={**COMMON, "invalid": rule}, **documented(options))

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> bool:
        if type(value) is not bool:
            raise self.make_error("invalid")
        return value


class Choice(Validated, ma.fields.String):
    """A text from a list of choices."""

    def __init__(self, choices: tuple[str, ...], **options: Any) -> None:
        one_of = "one of " if len(choices) > 1 else ""
        rule = f"must be {one_of}{', '.join(choices)}"
        super().__init__(
            validate=ma.validate.OneOf(choices, error=rule),
            error_messages={**COMMON, "invalid": rule},
            **documented(options),
        )


class Texts(Validated, ma.fields.List[str]):
    """A list of short texts, tidied, without empty entries and repeats (compared by `key`)."""

    def __init__(
        self, most: int, length: int, key: Callable[[str], str] = str, **options: Any
    ) -> None:
        self.key, self.length = key, length
        rule = f"must be a list of at most {most} texts"
        super().__init__(
            ma.fields.String(validate=ma.validate.Length(max=length)),
            validate=ma.validate.Length(max=most, error=rule),
            error_messages={**COMMON, "invalid": rule},
            **documented(options),
        )
        self.most = most

    def _deserialize(  # type: ignore[override]  # no entry is ever None here
        self, value: Any, attr: Any, data: Any, **kwargs: Any
    ) -> list[str]:
        if not isinstance(value, list) or len(value) > self.most:
            raise self.make_error("invalid")
        texts, errors = [], {}
        for index, entry in enumerate(value):
            if not isinstance(entry, str):
                errors[index] = ["must be a text"]
                continue
            try:
                texts.append(text.tidy(entry, self.length))
            except ValueError as error:
                errors[index] = [str(error)]
        if errors:
            raise ma.ValidationError(errors)
        return text.distinct(texts, self.key)


class Items(Validated, ma.fields.List[dict[str, Any] | Problem]):
    """A list of objects, each validated separately: an invalid object is replaced by its problem."""

    def __init__(self, schema: ma.Schema, most: int, **options: Any) -> None:
        self.schema, self.most = schema, most
        rule = f"must be a list of 1 to {most} items"
        super().__init__(
            ma.fields.Nested(schema),
            validate=ma.validate.Length(1, most, error=rule),
            error_messages={**COMMON, "invalid": rule},
            **documented(options),
        )

    def _deserialize(  # type: ignore[override]  # no entry is ever None here
        self, value: Any, attr: Any, data: Any, **kwargs: Any
    ) -> list[dict[str, Any] | Problem]:
        if not isinstance(value, list) or not 1 <= len(value) <= self.most:
            raise self.make_error("invalid")
        items = enumerate(in_turns(value))
        return [self._load_item(item, f"#/{attr}/{index}") for index, item in items]

    def _load_item(self, item: Any, pointer: str) -> dict[str, Any] | Problem:
        try:
            loaded: dict[str, Any] = self.schema.load(item)
        except ma.ValidationError as error:
            return validation_problem(error.messages_dict, start=pointer)
        return loaded


class Instant(Validated, ma.fields.AwareDateTime):
    """An RFC 3339 timestamp with an offset; decimals after the sixth are cut off."""

    def __init__(self, **options: Any) -> None:
        rule = "must be a timestamp with an offset, such as 2026-03-01T18:30:00+01:00"
        super().__init__(error_messages={**COMMON, "invalid": rule}, **documented(options))

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> datetime:
        if not isinstance(value, str) or not _INSTANT.fullmatch(value):
            raise self.make_error("invalid")
        try:
            instant = datetime.fromisoformat(value.upper())
            instant.astimezone(UTC)  # overflows in the first and last hours of the calendar
        except (ValueError, OverflowError):
            raise self.make_error("invalid") from None
        return instant


class Day(Validated, ma.fields.Date):
    """A calendar day."""

    def __init__(self, **options: Any) -> None:
        rule = "must be a date such as 2026-03-01"
        super().__init__(error_messages={**COMMON, "invalid": rule}, **documented(options))

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> date:
        try:
            if isinstance(value, str) and _DAY.fullmatch(value):
                return date.fromisoformat(value)
        except ValueError:
            pass
        raise self.make_error("invalid")


class Zone(Validated, ma.fields.String):
    """The name of a time zone, in any case; `Etc/Unknown` counts as not given."""

    def __init__(self, **options: Any) -> None:
        super().__init__(error_messages={**COMMON, "invalid": ZONE_RULE}, **documented(options))

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        try:
            name = periods.zone_name(value)
        except (ValueError, TypeError, AttributeError):
            raise self.make_error("invalid") from None
        return ma.missing if name is None else name  # type: ignore[return-value]  # a field may leave itself out


class Language(Validated, ma.fields.String):
    """A language tag, in any case and with `-` or `_`; kept in its usual case."""

    def __init__(self, **options: Any) -> None:
        rule = "must be a language tag such as en or pt-BR (BCP 47)"
        options |= {"minLength": 2, "maxLength": language_tags.LONGEST}
        super().__init__(error_messages={**COMMON, "invalid": rule}, **documented(options))

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        try:
            return language_tags.canonical(value)
        except (ValueError, TypeError, AttributeError):
            raise self.make_error("invalid") from None


class Id(Validated, ma.fields.UUID):
    """A UUID in its usual form, kept as text in lower case."""

    def __init__(self, **options: Any) -> None:
        rule = "must be a UUID such as 3f0c9f6e-7a41-4c54-9f0b-2f6d5f3f7f10"
        super().__init__(error_messages={**COMMON, "invalid_uuid": rule}, **documented(options))

    def _deserialize(  # type: ignore[override]  # ids stay text: no other layer needs UUID objects
        self, value: Any, attr: Any, data: Any, **kwargs: Any
    ) -> str:
        if not isinstance(value, str) or not text.UUID_PATTERN.fullmatch(value):
            raise self.make_error("invalid_uuid")
        return value.lower()
