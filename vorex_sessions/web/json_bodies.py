"""Parses the JSON of request bodies: quickly where they are short, in turns where they are long."""

import gc
import json
import math
import re
from codecs import BOM_UTF8
from collections.abc import Callable, Iterator
from contextlib import suppress
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
_MOST_PARTS = 5_000  # a batch has 2,000; each costs 50 times what orjson takes for a small value
_SPACE = re.compile(r"[ \t\r\n]*")

_Decode = Callable[[str, int], tuple[Any, int]]


class _TooManyParts(Exception):
    """The text is not worth its turns."""


def parse(body: bytes) -> Any:
    """Return the value. Raises Unreadable, or TooLarge for more values than any body has."""
    refuse_many_values(body)
    body = body.removeprefix(BOM_UTF8)
    has_long_numbers = _LONG_NUMBER in body.translate(_SHAPES)
    try:
        if len(body) > _LONG:
            with suppress(_TooManyParts):
                return _parse_in_turns(body.decode(), has_long_numbers)
        return _parse_at_once(body, has_long_numbers)
    except (ValueError, RecursionError):
        raise Unreadable from None


def refuse_many_values(body: bytes) -> None:
    """Raise TooLarge for a body that would become more objects than any other."""
    if len(body) > _MOST_VALUES and sum(map(body.count, (b",", b"[", b"{"))) > _MOST_VALUES:
        raise TooLarge("The body may have at most 300,000 values; please send less at once.")


def _parse_at_once(body: bytes, has_long_numbers: bool) -> Any:
    """The value. Raises ValueError and RecursionError."""
    if not has_long_numbers:
        with suppress(orjson.JSONDecodeError), _no_collections:
            return orjson.loads(body)
    # The slower parser accepts what JSON allows but orjson refuses (1e999, "\ud800"). The schema can then
    # name the invalid value, where Unreadable would refuse the whole body.
    with _no_collections:
        return _DECODER.decode(body.decode())


def _parse_in_turns(text: str, has_long_numbers: bool) -> Any:
    """The value. Raises ValueError, RecursionError and _TooManyParts."""
    decode = (_DECODER if has_long_numbers else _QUICK_DECODER).raw_decode
    value, end = _value(text, _after_space(text, 0), _DEPTH, decode, iter(range(_MOST_PARTS)))
    if _after_space(text, end) != len(text):
        raise ValueError("more follows the value")
    return value


def _value(
    text: str, place: int, depth: int, decode: _Decode, parts: Iterator[int]
) -> tuple[Any, int]:
    """The value at a place, and where it ends. No parser gives way, so each gets a part of the text.

    Raises ValueError, and _TooManyParts when `parts` ends.
    """
    if next(parts, None) is None:
        raise _TooManyParts
    checkpoint()
    opening = text[place : place + 1]
    if not depth or opening not in ("{", "["):
        with _no_collections:
            return decode(text, place)
    is_object, closing = opening == "{", "}" if opening == "{" else "]"
    names, values = [], []
    place = _after_space(text, place + 1)
    is_over = text.startswith(closing, place)
    while not is_over:
        if is_object:
            name, place = _name(text, place)
            names.append(name)
        value, place = _value(text, place, depth - 1, decode, parts)
        values.append(value)
        place = _after_space(text, place)
        is_over = text.startswith(closing, place)
        if not is_over:
            place = _after(",", text, place)
    return dict(zip(names, values, strict=True)) if is_object else values, place + 1


class _NoCollections:
    """Switches the garbage collector off, which would look at a growing value again and again."""

    def __enter__(self) -> None:
        gc.disable()

    def __exit__(self, *error: object) -> None:
        gc.enable()


_no_collections = _NoCollections()


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
_QUICK_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)  # calls nothing for an integer
