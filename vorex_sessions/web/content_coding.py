"""Decompresses request bodies (`Content-Encoding`), within the limit of what they may be decompressed to."""

import zlib
from collections.abc import Callable, Iterator

from vorex_sessions.problems.kinds import TooLarge, UnknownCoding, Unreadable
from vorex_sessions.turns import checkpoint

OVERHEAD = 64 * 1024  # bytes by which a gzip body may be longer than its content
_GZIP = {"gzip", "x-gzip"}  # RFC 9110, section 8.4.1.3
_CODINGS = {"", "identity", *_GZIP}
_WITH_HEADER = 16 + zlib.MAX_WBITS  # zlib's way to say gzip
_GIVEN = 16 * 1024  # bytes given to zlib at once: blocks without content are slow
_PIECE = 256 * 1024  # bytes decompressed before others get their turn
_MOST_MEMBERS = 100  # of a gzip file; each costs, even if it is empty


def is_gzip(header: str) -> bool:
    """Whether a body is gzip, or not compressed. Raises UnknownCoding for a coding other than gzip."""
    coding = header.strip().lower()
    if coding not in _CODINGS:
        raise UnknownCoding
    return coding in _GZIP


def decompress(body: bytes, limit: int, count: Callable[[int], None]) -> bytes:
    """Return what a gzip body holds; `count` hears of the size of each piece.

    Raises TooLarge at the first byte beyond the limit, Unreadable if anything is wrong with the body.
    """
    whole = bytearray()
    try:
        for piece in _pieces(body):
            count(len(piece))
            whole += piece
            if len(whole) > limit:
                raise TooLarge
            checkpoint()
    except (zlib.error, EOFError):
        raise Unreadable("The body is not valid gzip, or a part of it is missing.") from None
    return bytes(whole)


def _pieces(body: bytes) -> Iterator[bytes]:
    """Raises zlib.error, and EOFError where the end is missing. What follows the end must be gzip, too."""
    view, place = memoryview(body), 0
    for _ in range(_MOST_MEMBERS):
        member, given = zlib.decompressobj(_WITH_HEADER), b""
        while not member.eof:
            if not given:
                given = bytes(view[place : place + _GIVEN])
                place += len(given)
            if not given:
                raise EOFError
            yield member.decompress(given, _PIECE)
            given = member.unconsumed_tail
        place -= len(member.unused_data)
        if place == len(body):
            return
    raise zlib.error("too many members")
