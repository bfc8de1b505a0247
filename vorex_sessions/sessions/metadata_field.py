"""The marshmallow field of `metadata`: any JSON object, which is answered so that it can be sent back."""

import math
from decimal import Decimal
from typing import Any

import marshmallow as ma
import orjson

from vorex_sessions import text
from vorex_sessions.web.body_fields import COMMON, Validated, documented

_INTEGER_RULE = "must hold integers of at most 64 bits"
SIZE_RULE = "must be at most 16 KiB as compact JSON without exponents"


class LongMetadata(dict[str, Any]):
    """An object that is too large only as PostgreSQL writes it: release 1.0 stored such."""


class Metadata(Validated, ma.fields.Dict):
    """A JSON object that the app defines, stored by value within limits of size and depth."""

    LARGEST, DEEPEST = 16 * 1024, 8

    def __init__(self, **options: Any) -> None:
        super().__init__(
            error_messages={**COMMON, "invalid": "must be a JSON object"}, **documented(options)
        )

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise self.make_error("invalid")
        reader = _Reader(self.LARGEST)
        try:
            stored: dict[str, Any] = reader.read(value, self.DEEPEST)
        except ValueError as error:
            raise ma.ValidationError(str(error)) from None
        room = self.LARGEST - len(orjson.dumps(stored))
        if room < 0:
            raise ma.ValidationError(SIZE_RULE)
        return stored if reader.surplus <= room else LongMetadata(stored)


class _Reader:
    """Checks the values of an object, and adds up how much longer its floats are in PostgreSQL's JSON."""

    def __init__(self, largest: int) -> None:
        self.surplus, self.values_left = 0, largest // 2  # each takes 2 bytes at least

    def read(self, value: Any, levels: int) -> Any:
        """Return a value as it is stored. Raises ValueError with the rule that it breaks."""
        self.values_left -= 1
        if self.values_left < 0:
            raise ValueError(SIZE_RULE)
        if isinstance(value, str):
            if not text.storable(value):
                raise ValueError(text.STORABLE_RULE)
        elif isinstance(value, int):
            if not -(2**63) <= value < 2**63:
                return self.read(_as_float(value), levels)
        elif isinstance(value, float):
            self.surplus += _surplus(value)
        elif isinstance(value, dict | list):
            return self._read_inner(value, levels - 1)
        return value

    def _read_inner(self, value: Any, levels: int) -> Any:
        if levels < 0:
            raise ValueError("must be at most 8 levels deep")
        if isinstance(value, list):
            return [self.read(inner, levels) for inner in value]
        return {self.read(name, levels): self.read(value[name], levels) for name in value}


def _as_float(integer: int) -> float:
    """Return the float that PostgreSQL wrote as this integer: 1e20 becomes 1 and 20 zeros."""
    try:
        number = float(integer)
    except OverflowError:
        raise ValueError(_INTEGER_RULE) from None
    if Decimal(repr(number)) != integer:
        raise ValueError(_INTEGER_RULE)
    return number


def _surplus(number: float) -> int:
    """How much longer a float is where PostgreSQL writes it, without an exponent."""
    if 1e-4 < abs(number) < 1e15:  # most floats have none
        return 0
    if not math.isfinite(number):
        raise ValueError("must hold finite numbers")
    mantissa, _, exponent = orjson.dumps(number).decode().lstrip("-").partition("e")
    if not exponent:
        return 0
    power, digits = int(exponent), len(mantissa.replace(".", ""))
    written = power + 1 if power > 0 else 1 - power + digits  # 0.00…, or digits and zeros
    return written - len(mantissa) - len("e") - len(exponent)
