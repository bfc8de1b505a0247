"""Reading what a request carries: JSON bodies, query parameters, the idempotency key."""

import json
import math
import re
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any, NoReturn

import marshmallow as ma
import orjson
from flask import Request, g, request
from gevent import Timeout, monkey
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import ClientDisconnected

from vorex_sessions.problems.kinds import Invalid, NotJson, TooLarge, TooSlow, Unreadable
from vorex_sessions.problems.validation import validation_problem

# orjson reads an integer of more than 64 bits as a float, silently; the standard library keeps it.
_LONG_NUMBER = re.compile(rb"[0-9]{19}")

LONGEST_BODY = 60  # seconds for a body to arrive
KEY_HEADER = "Idempotency-Key"
_USABLE_KEY = re.compile(r"[\x20-\x7e]{1,255}")
_QUOTED = re.compile(r'"((?:[^"\\]|\\["\\])*)"')  # RFC 9651, section 3.3.3
_ESCAPED = re.compile(r'\\(["\\])')


_in_time: Callable[[], AbstractContextManager[Any]] = (
    partial(Timeout, LONGEST_BODY, TooSlow) if monkey.is_module_patched("socket") else nullcontext
)


def read_json(limit: int) -> None:
    """Read the body of the current request, at most `limit` bytes, and keep it for the schema.

    Raises TooSlow, TooLarge, NotJson or Unreadable, in this order.
    """
    request.max_content_length = limit + 1  # of a chunked body Werkzeug reads this much, then stops
    try:
        with _in_time():
            body = request.get_data(cache=False)
    except ClientDisconnected:  # or it has said nothing for longer than gunicorn waits
        raise TooSlow from None
    if len(body) > limit:
        raise TooLarge
    if not request.is_json:
        raise NotJson
    g.json = _parse(body)


def _parse(body: bytes) -> Any:
    try:
        if not _LONG_NUMBER.search(body):
            return orjson.loads(body)
    except orjson.JSONDecodeError:
        pass
    # The slower parser knows what the fast one refuses but JSON allows (1e999, "\ud800"), so that
    # the schema can say which value is wrong instead of calling the whole body unreadable.
    try:
        return json.loads(body.decode(), parse_constant=_refuse_constant, parse_int=_integer)
    except (ValueError, RecursionError):
        raise Unreadable from None


def _integer(digits: str) -> float:
    """Python refuses to read more digits than this; whatever they say, it is beyond every limit."""
    return int(digits) if len(digits) <= 4000 else math.inf


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


class Arguments(FlaskParser):
    """webargs' parser with our rules: nothing unknown, nothing twice, problems that name the place."""

    DEFAULT_UNKNOWN_BY_LOCATION = {"json": None, "query": ma.RAISE}

    def load_json(self, req: Request, schema: ma.Schema) -> Any:
        """The body that `read_json` has read before the view was called."""
        return g.json

    def load_querystring(self, req: Request, schema: ma.Schema) -> Any:
        """The query as a plain mapping; a parameter given twice is refused."""
        return single_parameters(req)

    def handle_error(
        self,
        error: ma.ValidationError,
        req: Request,
        schema: ma.Schema,
        *,
        error_status_code: int | None,
        error_headers: Mapping[str, str] | None,
    ) -> NoReturn:
        """Turn marshmallow's tree of messages into a problem."""
        ((location, messages),) = error.messages_dict.items()  # webargs names the place
        raise validation_problem(messages, in_query=location == "query")


def idempotency_key() -> str | None:
    """The Idempotency-Key header, with or without the quotes of a structured-field string.

    Raises Invalid.
    """
    raw = request.headers.get(KEY_HEADER)
    if raw is None:
        return None
    key = raw.strip()
    if quoted := _QUOTED.fullmatch(key):
        key = _ESCAPED.sub(r"\1", quoted[1])
    if not _USABLE_KEY.fullmatch(key):
        sentence = f"{KEY_HEADER} must be 1 to 255 printable ASCII characters."
        raise Invalid(sentence, errors=[{"detail": sentence, "header": KEY_HEADER}])
    return key


def single_parameters(req: Request) -> dict[str, str]:
    """The query parameters, each of which may be given once. Raises Invalid."""
    repeated = [name for name, values in req.args.lists() if len(values) > 1]
    if repeated:
        raise validation_problem(
            {name: ["may be given once only"] for name in repeated}, in_query=True
        )
    return req.args.to_dict()


def refuse_parameters() -> None:
    """For an endpoint that takes no query parameter at all. Raises Invalid."""
    if names := single_parameters(request):
        raise validation_problem(
            {name: ["is not a parameter here"] for name in names}, in_query=True
        )
