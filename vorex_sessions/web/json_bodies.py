"""Parses the JSON of request bodies: quickly where they are short, in turns where they are long."""

import json
import math
import re
from codecs import BOM_UTF8
from typing import Any, NoReturn

import orjson

from vorex_sessions.problems.kinds import TooLarge, Unreadable
from vorex_sessions.turns import checkpoint

# orjson reads an integer of more than 64 bits as a float, silently; the standard library keeps it.
# Such a number shows by its shape: what may stand before a number becomes ":", each digit "0".
_SHAPES = bytes.maketrans(b"-[,: \t\r\n123456789", b":" * 8 + b"0" * 9)
_LONG_NUMBER = b":" + b"0" * 19
_MOST_DIGITS = 400  # more than the integer part of any float has

_LONG = 256 * 1024  # bytes, which orjson parses in some 4 ms
_MOST_VALUES = 300_000  # a batch has 170,000 at most
_DEPTH = 3  # parts of a session of a batch
_SPACE = re.compile(r"[ \t\r\n]*")


def parse(body: bytes) -> Any:
    """Return the value. Raises Unreadable, or TooLarge for more values than any body has."""
    if len(body) > _MOST_VALUES and sum(map(body.count, (b",", b"[", b"{"))) > _MOST_VALUES:
        raise TooLarge("The body may have at most 300,000 values; please send less at once.")
    body = body.removeprefix(BOM_UTF8)
    try:
        if len(body) <= _LONG and _LONG_NUMBER not in body.translate(_SHAPES):
            return orjson.loads(body)
    except orjson.JSONDecodeError:
        pass
    # The slower parser accepts what JSON allows but orjson refuses (1e999, "\ud800"). The schema can then
    # name the invalid value, where Unreadable would refuse the whole body.
    try:
        return _parse_in_turns(body.decode())
    except (ValueError, RecursionError):
        raise Unreadable from None


def _parse_in_turns(text: str) -> Any:
    value, end = _value(text, _after_space(text, 0), _DEPTH)
    if _after_space(text, end) != len(text):
        raise ValueError("more follows the value")
    return value


def _value(text: str, place: int, depth: int) -> tuple[Any, int]:
    """The value at a place, and where it ends. No parser gives way, so each gets a part of the text.

    Raises ValueError.
    """
    opening = text[place : place + 1]
    if not depth or opening not in ("{", "["):
        checkpoint()
        return _DECODER.raw_decode(text, place)
    is_object, closing = opening == "{", "}" if opening == "{" else "]"
    names, values = [], []
    place = _after_space(text, place + 1)
    is_over = text.startswith(closing, place)
    while not is_over:
        if is_object:
            name, place = _name(text, place)
            names.append(name)
        value, place = _value(text, place, depth - 1)
        values.append(value)
        place = _after_space(text, place)
        is_over = text.startswith(closing, place)
        if not is_over:
            place = _after(",", text, place)
    return dict(zip(names, values, strict=True)) if is_object else values, place + 1


def _name(text: str, place: int) -> tuple[str, int]:
    """The name of a member at a place, and where its value begins. Raises ValueError."""
    if not text.startswith('"', place):
        raise ValueError("a member needs a name")
    name, place = _DECODER.raw_decode(text, place)
    return name, _after(":", text, _after_space(text, place))


def _after(mark: str, text: str, place: int) -> int:
    if not text.startswith(mark, place):
        raise ValueError(f"{mark} is missing")
    return _after_space(text, place + 1)


def _after_space(text: str, place: int) -> int:
    space = _SPACE.match(text, place)
    return space.end() if space else place


def _integer(digits: str) -> float:
    """Return the integer; infinity, which exceeds every limit, for one of very many digits."""
    return int(digits) if len(digits) <= _MOST_DIGITS else math.inf


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant, parse_int=_integer)
