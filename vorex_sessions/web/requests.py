"""Reads the parts of a request: JSON body, query parameters, idempotency key."""

import gc
import json
import math
import re
from codecs import BOM_UTF8
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any, NoReturn

import marshmallow as ma
import orjson
from flask import Request, Response, g, request
from gevent import Timeout, monkey
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import ClientDisconnected

from server.bodies import BadBody, RequestBody
from server.body_limits import Busy, limits
from vorex_sessions.problems.kinds import (
    Invalid,
    NotFound,
    NotJson,
    TooLarge,
    TooSlow,
    Unavailable,
    Unreadable,
)
from vorex_sessions.problems.validation import UNKNOWN_PARAMETER, validation_problem
from vorex_sessions.turns import checkpoint
from vorex_sessions.web import content_coding

# orjson reads an integer of more than 64 bits as a float, silently; the standard library keeps it.
# Such a number shows by its shape: what may stand before a number becomes ":", each digit "0".
_SHAPES = bytes.maketrans(b"-[,: \t\r\n123456789", b":" * 8 + b"0" * 9)
_LONG_NUMBER = b":" + b"0" * 19
_MOST_DIGITS = 400  # more than the integer part of any float has

_MOST_VALUES = 300_000  # the parser cannot give way; a batch has 170,000 at most
LONGEST_BODY = 60  # seconds for a body to arrive
KEY_HEADER = "Idempotency-Key"
_USABLE_KEY = re.compile(r"[\x20-\x7e]{1,255}")
_QUOTED = re.compile(r'"((?:[^"\\]|\\["\\])*)"')  # RFC 9651, section 3.3.3
_ESCAPED = re.compile(r'\\(["\\])')


_body_timeout: Callable[[], AbstractContextManager[Any]] = (
    partial(Timeout, LONGEST_BODY, TooSlow) if monkey.is_module_patched("socket") else nullcontext
)


def read_json(limit: int) -> None:
    """Read the body of the current request, at most `limit` bytes decompressed, and keep it for the schema.

    Raises TooSlow, TooLarge, UnknownCoding, NotJson or Unreadable, in about this order.
    """
    body = _body(limit)
    if len(body) > limit:
        raise TooLarge
    if len(body) > _MOST_VALUES and sum(map(body.count, (b",", b"[", b"{"))) > _MOST_VALUES:
        raise TooLarge("The body may have at most 300,000 values; please send less at once.")
    if not request.is_json:
        raise NotJson
    checkpoint()
    g.json = _parse(body.removeprefix(BOM_UTF8))
    checkpoint()


def _body(limit: int) -> bytes:
    """Return the body, decompressed; it is longer than `limit` if there is more."""
    coding = request.environ.get("HTTP_CONTENT_ENCODING")
    # Werkzeug reads only this much of a chunked body.
    request.max_content_length = limit + (content_coding.OVERHEAD if coding else 1)
    try:
        with _body_timeout():
            body = request.get_data(cache=False)
        if coding and content_coding.is_gzip(coding):
            return content_coding.decompress(body, limit, _count_decompressed)
    except ClientDisconnected:  # or SLOW_CLIENT in server/worker.py has passed
        raise TooSlow from None
    except BadBody:
        raise Unreadable("The body's chunks are malformed or too small.") from None
    except Busy:
        raise Unavailable("The service is busy right now; please try again in a moment.") from None
    return body


def refuse_double_slash() -> None:
    """Raise NotFound for `//healthz`, which Werkzeug reads as `/healthz`; a proxy's rules may not."""
    if request.environ["PATH_INFO"].startswith("//"):
        raise NotFound


def release_body(response: Response) -> Response:
    """Make room for others before the response is written: a client may read it slowly."""
    if source := _source():
        limits.release(source)
    return response


def _count_decompressed(size: int) -> None:
    if source := _source():
        source.count_decompressed(size)


def _source() -> RequestBody | None:
    """What the server reads the body of the current request with; None without a body or our server."""
    source = getattr(request.environ["wsgi.input"], "raw", None)
    return source if isinstance(source, RequestBody) else None


def _parse(body: bytes) -> Any:
    try:
        if _LONG_NUMBER not in body.translate(_SHAPES):
            return _parse_quickly(body)
    except orjson.JSONDecodeError:
        pass
    # The slower parser accepts what JSON allows but orjson refuses (1e999, "\ud800"). The schema can then
    # name the invalid value, where Unreadable would refuse the whole body.
    try:
        return json.loads(body.decode(), parse_constant=_refuse_constant, parse_int=_integer)
    except (ValueError, RecursionError):
        raise Unreadable from None


def _parse_quickly(body: bytes) -> Any:
    """Parse without the garbage collector, which would look at what is there again and again."""
    gc.disable()
    try:
        return orjson.loads(body)
    finally:
        gc.enable()


def _integer(digits: str) -> float:
    """Return the integer; infinity, which exceeds every limit, for one of very many digits."""
    return int(digits) if len(digits) <= _MOST_DIGITS else math.inf


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


class Arguments(FlaskParser):
    """webargs' parser with our rules: no unknown or repeated parameters, problems that name the place."""

    DEFAULT_UNKNOWN_BY_LOCATION = {"json": None, "query": ma.RAISE}

    def load_json(self, req: Request, schema: ma.Schema) -> Any:
        """Return the body, which `read_json` has read before the view was called."""
        return g.json

    def load_querystring(self, req: Request, schema: ma.Schema) -> Any:
        """Return the query as a plain mapping; a repeated parameter is refused."""
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
        ((location, messages),) = error.messages_dict.items()  # the key is the location
        raise validation_problem(messages, in_query=location == "query")


def idempotency_key() -> str | None:
    """Return the Idempotency-Key header, without the optional quotes of a structured-field string.

    Raises Invalid.
    """
    raw = request.headers.get(KEY_HEADER)
    if raw is None:
        return None
    key = raw.strip()
    if quoted := _QUOTED.fullmatch(key):
        key = _ESCAPED.sub(r"\1", quoted[1])
    if not _USABLE_KEY.fullmatch(key):
        detail = f"{KEY_HEADER} must be 1 to 255 printable ASCII characters."
        raise Invalid(detail, errors=[{"detail": detail, "header": KEY_HEADER}])
    return key


def single_parameters(req: Request) -> dict[str, str]:
    """Return the query parameters. Raises Invalid for a repeated parameter."""
    repeated = [name for name, values in req.args.lists() if len(values) > 1]
    if repeated:
        raise validation_problem(
            {name: ["may be given only once"] for name in repeated}, in_query=True
        )
    return req.args.to_dict()


def refuse_parameters() -> None:
    """Refuse all query parameters, for an endpoint that has none. Raises Invalid."""
    if names := single_parameters(request):
        raise validation_problem({name: [UNKNOWN_PARAMETER] for name in names}, in_query=True)
