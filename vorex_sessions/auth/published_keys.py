"""The project's published keys (JWKS, RFC 7517), which ES256, RS256 and EdDSA tokens are checked with.

Fetched when a request needs them, never more often than every 30 s a worker, kept while the endpoint is
away. `find` tells a token that proves nothing (PyJWTError) from keys that cannot be had right now
(Unavailable).
"""

import logging
import math
import threading
import time
from collections.abc import Callable
from http.client import HTTPException, HTTPResponse
from typing import Any
from urllib.request import HTTPRedirectHandler, build_opener

import orjson
from jwt import PyJWK
from jwt.exceptions import InvalidKeyError, PyJWKClientError, PyJWKError, PyJWTError

from vorex_sessions import metrics
from vorex_sessions.problems.kinds import Unavailable

log = logging.getLogger(__name__)

ALGORITHMS = ("ES256", "RS256", "EdDSA")  # what Supabase signs with
PATH = "/auth/v1/.well-known/jwks.json"

_PAUSE = 30  # seconds between two fetches, whatever tokens ask for
_REFRESH = 300  # older keys are fetched anew beside the request,
_RENEW = 600  # still older ones before it,
_TOO_OLD = 3600  # and these are no longer believed
_LEEWAY = 10  # seconds that clocks may differ
_PATIENCE = 2  # seconds a request waits for a fetch, and a fetch for the endpoint
_LARGEST = 1024 * 1024  # bytes of a key set; Supabase's have about 1,000


class PublishedKeys:
    """The keys at one address, for one worker."""

    def __init__(self, project: str, clock: Callable[[], float] = time.time) -> None:
        self._address = project + PATH
        self._clock = clock
        self._lock = threading.Lock()
        self._keys: dict[str, PyJWK] = {}
        self._fetched_at = -math.inf  # when the fetch that brought the keys began,
        self._brought_by = 0  # and which it was
        self._tried_at = -math.inf
        self._fetches = 0
        self._ended = threading.Event()  # of the latest fetch
        self._failing = False  # the endpoint is away: no request waits for it that can do without

    def find(self, kid: object, algorithm: object, issued_at: object) -> PyJWK:
        """The key that a token names. Raises InvalidKeyError; Unavailable where it may yet be published."""
        if not isinstance(kid, str):
            raise InvalidKeyError("no key is named")
        age = self._clock() - self._fetched_at
        if not 0 <= age <= _REFRESH or kid not in self._keys:
            self._fetch()
        without = kid not in self._keys or age > _TOO_OLD
        if without or (age > _RENEW and not self._failing):
            left = self._tried_at + _PATIENCE - self._clock()
            self._failing |= not self._ended.wait(max(0, left))
        if self._clock() - self._fetched_at > _TOO_OLD:
            raise self._unavailable()
        key = self._keys.get(kid)
        # One that claims to come from the future proves nothing, and would be 503 for ever.
        if (
            key is None
            and isinstance(issued_at, int | float)
            and self._fetched_at < issued_at <= self._clock() + _LEEWAY
        ):
            raise self._unavailable()
        if key is None or key.algorithm_name != algorithm:
            raise InvalidKeyError("no such key")
        return key

    def _unavailable(self) -> Unavailable:
        next_try = self._tried_at + _PAUSE - self._clock()
        return Unavailable(
            "The keys that access tokens are checked with cannot be fetched right now; "
            "please try again in a moment.",
            retry_after=min(_PAUSE, max(1, math.ceil(next_try))),
        )

    def _fetch(self) -> None:
        """Begin a fetch unless one was begun less than 30 s ago."""
        with self._lock:
            if not 0 <= self._clock() - self._tried_at < _PAUSE:
                self._tried_at, self._ended = self._clock(), threading.Event()
                self._fetches += 1
                arguments = (self._fetches, self._tried_at, self._ended)
                threading.Thread(target=self._take, args=arguments, daemon=True).start()

    def _take(self, number: int, began: float, ended: threading.Event) -> None:
        try:
            keys = _usable(_fetched(self._address))
            # One that hung brings nothing newer; by number, since clocks are set back at times.
            if number > self._brought_by:
                self._keys, self._fetched_at, self._brought_by = keys, began, number
            self._failing = False
            metrics.KEY_FETCHES.labels("succeeded").inc()
        except (PyJWTError, ValueError, OSError, HTTPException) as error:
            self._failing = True
            metrics.KEY_FETCHES.labels("failed").inc()
            log.warning("the published keys could not be fetched: %s", error)
        finally:
            ended.set()


class _NoRedirects(HTTPRedirectHandler):
    """The keys are at the address that was set, and nowhere else."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        """Follow none: the answer becomes an HTTPError."""


_opener = build_opener(_NoRedirects)


def _fetched(address: str) -> Any:
    """The JSON there. Bounded in size and, against an endpoint that drips, in time (PyJWKClient is not).

    Raises OSError, HTTPException, ValueError.
    """
    ends = time.monotonic() + _PATIENCE
    answer: HTTPResponse
    with _opener.open(address, timeout=_PATIENCE) as answer:
        body = b""
        while piece := answer.read1(_LARGEST):
            body += piece
            if len(body) > _LARGEST or time.monotonic() > ends:
                raise TimeoutError("the answer is too long, or takes too long")
    return orjson.loads(body)


def _usable(document: Any) -> dict[str, PyJWK]:
    """The keys of a JWKS by `kid`, without those we have no use for. Raises PyJWKClientError for garbage."""
    published = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(published, list) or not all(isinstance(key, dict) for key in published):
        raise PyJWKClientError("the answer is not a JWK set")
    keys = {}
    for key in published:
        try:
            parsed = PyJWK(key)
        except (PyJWKError, PyJWTError, ValueError, TypeError, KeyError):
            continue
        # Symmetric keys are never published; one that is would let its readers forge tokens.
        for_signing = key.get("use", "sig") == "sig" and parsed.algorithm_name in ALGORITHMS
        if isinstance(parsed.key_id, str) and for_signing:
            keys[parsed.key_id] = parsed
    if published and not keys and not any(key.get("kty") == "oct" for key in published):
        raise PyJWKClientError("the answer holds no key that can be used")
    return keys
