"""marshmallow fields for query parameters, whose values are always text."""

import re
from typing import Any

import marshmallow as ma

from vorex_sessions import text
from vorex_sessions.web import body_fields
from vorex_sessions.web.body_fields import COMMON, documented

_WHOLE = re.compile(r"[+-]?\d{1,1000}", re.ASCII)


class Whole(ma.fields.Integer):
    """A whole number; values over `served` are reduced to it."""

    def __init__(
        self, minimum: int, maximum: int | None = None, served: int | None = None, **options: Any
    ) -> None:
        """Give either `maximum`, beyond which a value is refused, or `served`."""
        self.served = served
        rule = f"must be a whole number from {minimum} to {maximum or served}"
        super().__init__(
            validate=ma.validate.Range(minimum, maximum, error=rule),
            error_messages={**COMMON, "invalid": rule},
            **documented(options),
        )

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> int:
        if not _WHOLE.fullmatch(value):
            raise self.make_error("invalid")
        return int(value) if self.served is None else min(int(value), self.served)


class Flag(body_fields.Flag):
    """`true` or `false`."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> bool:
        if value not in ("true", "false"):
            raise self.make_error("invalid")
        return bool(value == "true")


class Day(body_fields.Day):
    """A calendar day."""


class Zone(body_fields.Zone):
    """The name of a time zone. A `+` that the client has not encoded arrives as a space."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        return super()._deserialize(value.replace(" ", "+"), attr, data, **kwargs)


class Phrase(ma.fields.String):
    """A search text, unchanged or `tidied` like the stored texts that it is compared with."""

    def __init__(self, length: int, *, tidied: bool, **options: Any) -> None:
        self.length, self.tidied = length, tidied
        rule = f"must be a text of 1 to {length} characters without NUL"
        super().__init__(
            validate=ma.validate.Length(1, length, error=rule),
            error_messages={**COMMON, "invalid": rule},
            **documented(options),
        )

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        try:
            if self.tidied:
                return text.tidy(value, self.length)
        except ValueError:
            raise self.make_error("invalid") from None
        if not text.storable(value):
            raise self.make_error("invalid")
        return str(value)


def zone() -> Zone:
    """Which day is today."""
    return Zone(
        data_key="timezone",
        description="The time zone that decides which day is today: an IANA name or `UTC±HH:MM`. By default "
        "the zone of the learner's latest session, else UTC.",
        example="Europe/Berlin",
    )


def language(what: str) -> body_fields.Language:
    """Narrows an answer to a language."""
    return body_fields.Language(
        description=f"Only {what} of this language, a tag of BCP 47 in any case. `pt` and `pt-BR` are two "
        "languages.",
        example="pt-BR",
    )


def one_language() -> body_fields.Language:
    """Chooses the language that an answer is about."""
    return body_fields.Language(
        description="The language to answer for, a tag of BCP 47 in any case. By default that of the latest "
        "session; without any, the service's `DEFAULT_LANGUAGE`.",
        example="pt-BR",
    )


def limit(noun: str, default: int) -> Whole:
    """How many items a page has, at most 100."""
    described = f"{noun} per page; a value above 100 counts as 100."
    return Whole(1, served=100, load_default=default, description=described, example=default)


def cursor(example: str, more: str = "") -> ma.fields.String:
    """`next_cursor` of the previous page."""
    described = f"`next_cursor` of the previous page, with the same filters.{more}"
    return ma.fields.String(metadata={"description": described, "example": example})
