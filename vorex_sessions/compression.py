"""Compresses answers for clients that ask for gzip.

Whoever builds an answer calls `offer`, since a hook would cost every answer that is too short to gain.
"""

import zlib
from collections.abc import Iterable, Iterator
from functools import lru_cache

from flask import Response
from werkzeug.datastructures import Accept
from werkzeug.http import parse_accept_header

from vorex_sessions.current import current_request
from vorex_sessions.turns import in_turns

SMALLEST = 1024  # bytes of JSON; a shorter answer fits into one packet as it is
_LEVEL = 3  # one more takes 1.6 times as long for 5 % less (docs/performance.md)
_BEST = 9  # for what is compressed once
_PIECE = 64 * 1024  # bytes compressed before others get their turn
_WITH_HEADER = 16 + zlib.MAX_WBITS  # zlib's way to say gzip


def offer(response: Response) -> Response:
    """Compress the answer if the client of the current request asks for it; say that it depends on that."""
    compressed = is_asked()
    mark(response, compressed=compressed)
    if compressed and response.is_streamed:
        # Where a download breaks off, so does this, without the end of gzip.
        response.response = _gzipped(response.iter_encoded(), _LEVEL)
    elif compressed:
        response.set_data(compress(response.get_data(), _LEVEL))
    return response


def is_asked() -> bool:
    """Whether the client of the current request wants gzip."""
    header = current_request().environ.get("HTTP_ACCEPT_ENCODING")
    return header is not None and _prefers_gzip(header)


@lru_cache(maxsize=64)
def _prefers_gzip(header: str) -> bool:
    accepted = parse_accept_header(header, Accept)
    quality = accepted.quality("gzip")
    return quality > 0 and quality >= accepted.quality("identity")


def mark(response: Response, *, compressed: bool) -> None:
    """Say that the answer depends on what the client asks for, and whether it is compressed."""
    response.headers.add("Vary", "Accept-Encoding")
    if compressed:
        response.headers.add("Content-Encoding", "gzip")


def compress(data: bytes, level: int = _BEST) -> bytes:
    """Compress in turns; as well as possible, for what is kept."""
    pieces = (data[start : start + _PIECE] for start in range(0, len(data), _PIECE))
    return b"".join(_gzipped(pieces, level))


def _gzipped(pieces: Iterable[bytes], level: int) -> Iterator[bytes]:
    compressor = zlib.compressobj(level, wbits=_WITH_HEADER)
    for piece in in_turns(pieces):
        if data := compressor.compress(piece):
            yield data
    yield compressor.flush()
