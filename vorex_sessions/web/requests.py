"""Reads the parts of a request: JSON body, query parameters, idempotency key."""

import re
import string
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any, NoReturn
from urllib.parse import quote

import marshmallow as ma
from flask import Flask, Request, Response
from gevent import Timeout, monkey
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import ClientDisconnected
from werkzeug.wsgi import get_content_length

from server.bodies import BadBody, RequestBody
from server.body_limits import Busy, limits
from vorex_sessions.current import current_flask, current_g, current_request
from vorex_sessions.problems.kinds import (
    Invalid,
    NotFound,
    NotJson,
    TooLarge,
    TooSlow,
    Unavailable,
    UnknownFormat,
    Unreadable,
)
from vorex_sessions.problems.validation import UNKNOWN_PARAMETER, validation_problem
from vorex_sessions.turns import checkpoint
from vorex_sessions.web import content_coding, json_bodies

LONGEST_BODY = 60  # seconds for a body to arrive
KEY_HEADER = "Idempotency-Key"
_SHORT = 65_536  # bytes of a body for which room is made before it comes
_LONGEST_KEPT, _MOST_KEPT = 100, 500  # bytes, queries: some 500 kB
_USABLE_KEY = re.compile(r"[\x20-\x7e]{1,255}")
_QUOTED = re.compile(r'"((?:[^"\\]|\\["\\])*)"')  # RFC 9651, section 3.3.3
_ESCAPED = re.compile(r'\\(["\\])')


class WebRequest(Request):
    """A request whose query is ASCII: Werkzeug fails at bytes that are no UTF-8."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.query_string.isascii():
            self.query_string = quote(self.query_string, safe=string.printable).encode()


_body_timeout: Callable[[], AbstractContextManager[Any]] = (
    partial(Timeout, LONGEST_BODY, TooSlow) if monkey.is_module_patched("socket") else nullcontext
)


def read_json(limit: int) -> None:
    """Read the body of the current request, at most `limit` bytes decompressed, and keep it for the schema.

    Raises TooSlow, TooLarge, UnknownCoding, NotJson or Unreadable, in about this order.
    """
    body = _body(limit)
    if not current_request().is_json:
        raise NotJson
    checkpoint()
    current_g().json = json_bodies.parse(body)
    checkpoint()


def read_file(limit: int, media_types: Mapping[str, str]) -> None:
    """Read a body in one of several formats, by their media types, and keep it with the format's name.

    Raises TooSlow, TooLarge, UnknownCoding or UnknownFormat.
    """
    body, request = _body(limit), current_request()
    media_type = "application/json" if request.is_json else request.mimetype
    if media_type not in media_types:
        raise UnknownFormat
    checkpoint()
    current_g().file = media_types[media_type], body


def uploaded_file() -> tuple[str, bytes]:
    """Return the format and the bytes of a body that `read_file` has read before the view was called."""
    file: tuple[str, bytes] = current_g().file
    return file


def _body(limit: int) -> bytes:
    """Return the body, decompressed. Raises TooSlow, TooLarge, UnknownCoding, Unreadable or Unavailable."""
    request = current_request()
    coding = request.environ.get("HTTP_CONTENT_ENCODING")
    # Werkzeug reads only this much of a chunked body.
    request.max_content_length = limit + (content_coding.OVERHEAD if coding else 1)
    try:
        with _body_timeout():
            body = _read(request, limit)
        if coding and content_coding.is_gzip(coding):
            body = content_coding.decompress(body, limit, _count_decompressed)
    except ClientDisconnected:  # or SLOW_CLIENT in server/worker.py has passed
        raise TooSlow from None
    except BadBody:
        raise Unreadable("The body's chunks are malformed or too small.") from None
    except Busy:
        raise Unavailable("The service is busy right now; please try again in a moment.") from None
    if len(body) > limit:
        raise TooLarge
    return body


def _read(request: Request, limit: int) -> bytes:
    """The body as it was sent. Raises ClientDisconnected.

    Werkzeug fills 64 KiB with zeros to read any body, however short; of a long one, it holds what has come.
    """
    length = get_content_length(request.environ)
    if length is None or length > min(limit, _SHORT):  # in chunks, or long
        return request.get_data(cache=False)
    try:
        body: bytes = request.environ["wsgi.input"].read(length)
    except (OSError, ValueError):
        raise ClientDisconnected from None
    if len(body) < length:
        raise ClientDisconnected
    return body


def refuse_double_slash() -> None:
    """Raise NotFound for `//healthz`, which Werkzeug reads as `/healthz`; a proxy's rules may not."""
    if current_request().environ["PATH_INFO"].startswith("//"):
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
    source = getattr(current_request().environ["wsgi.input"], "raw", None)
    return source if source is not None and isinstance(source, RequestBody) else None


class Arguments(FlaskParser):
    """webargs' parser with our rules: no unknown or repeated parameters, problems that name the place."""

    DEFAULT_UNKNOWN_BY_LOCATION = {"json": None, "query": ma.RAISE}

    def __init__(self) -> None:
        super().__init__()
        self._parsed: dict[tuple[Flask, ma.Schema, bytes], dict[str, Any]] = {}

    def parse(self, argmap: Any, req: Any = None, **options: Any) -> Any:
        """Parse a part of the request; apps send few different queries, which are parsed once."""
        if options.get("location") != "query":
            return super().parse(argmap, req, **options)
        # What an overview takes depends on the app's capabilities.
        key = (current_flask(), argmap, current_request().query_string)
        if key not in self._parsed:
            parsed = super().parse(argmap, req, **options)
            if len(key[2]) > _LONGEST_KEPT:
                return parsed
            if len(self._parsed) >= _MOST_KEPT:
                self._parsed.clear()
            self._parsed[key] = parsed
        return dict(self._parsed[key])

    def load_json(self, req: Request, schema: ma.Schema) -> Any:
        """Return the body, which `read_json` has read before the view was called."""
        return current_g().json

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
    raw = current_request().headers.get(KEY_HEADER)
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
    request = current_request()
    if request.query_string and (names := single_parameters(request)):
        raise validation_problem({name: [UNKNOWN_PARAMETER] for name in names}, in_query=True)
