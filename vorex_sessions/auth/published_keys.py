"""The project's published keys (JWKS, RFC 7517), which verify ES256, RS256 and EdDSA tokens.

A worker fetches them when a request needs them, at most every 30 s, and keeps them while the endpoint is
down. `find` raises PyJWTError for an invalid token, and Unavailable where the keys cannot be fetched.
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

_FETCH_INTERVAL = 30  # seconds between two fetches, whatever keys the tokens name
_REFRESH_AGE = 300  # seconds; older keys are refreshed in the background
_WAIT_AGE = 600  # seconds; with older keys, a request waits for the refresh
_MAX_AGE = 3600  # seconds; older keys are not used
_LEEWAY = 10  # seconds that clocks may differ
_TIMEOUT = 2  # seconds that a request waits for a fetch, and a fetch for the endpoint
_MAX_AWAITED = 3  # unknown keys that the next fetch may bring; anyone can make up more
_MAX_BYTES = 1024 * 1024  # of a key set; Supabase's have about 1,000


class PublishedKeys:
    """The keys at one address, for one worker."""

    def __init__(self, project: str, clock: Callable[[], float] = time.time) -> None:
        self._address = project + PATH
        self._clock = clock
        self._lock = threading.Lock()
        self._keys: dict[str, PyJWK] = {}
        self._fetched_at = -math.inf  # start of the fetch that returned the current keys
        self._fetch_number = 0  # and its number
        self._tried_at = -math.inf  # start of the latest fetch
        self._fetch_count = 0
        self._finished = threading.Event()  # set at the end of the latest fetch
        self._awaited: set[str] = set()  # unknown keys that tokens named since the latest fetch
        self._failing = False  # the endpoint is down: requests that have a key do not wait for it

    def find(self, kid: object, algorithm: object, issued_at: Callable[[], object]) -> PyJWK:
        """Return a key by its id. Raises InvalidKeyError; Unavailable where a later fetch may bring it.

        `issued_at` returns the token's `iat`, which only a key that is missing makes worth reading.
        """
        if not isinstance(kid, str):
            raise InvalidKeyError("no key is named")
        age = self._clock() - self._fetched_at
        if not 0 <= age <= _REFRESH_AGE or kid not in self._keys:
            self._fetch()
        is_missing = kid not in self._keys or age > _MAX_AGE
        if is_missing or (age > _WAIT_AGE and not self._failing):
            timeout = self._tried_at + _TIMEOUT - self._clock()
            self._failing |= not self._finished.wait(max(0, timeout))
        if self._clock() - self._fetched_at > _MAX_AGE:
            raise self._unavailable()
        key = self._keys.get(kid)
        if key is None and self._is_newer(issued_at()) and self._may_come(kid):
            raise self._unavailable()
        if key is None or key.algorithm_name != algorithm:
            raise InvalidKeyError("no such key")
        return key

    def _is_newer(self, issued_at: object) -> bool:
        """Whether a token was issued after the last fetch, and so may name a newer key.

        A token from the future is not excused: it would get 503 for ever.
        """
        return (
            isinstance(issued_at, int | float)
            and self._fetched_at < issued_at <= self._clock() + _LEEWAY
        )

    def _may_come(self, kid: str) -> bool:
        """Whether to wait for a key, which is 503: a key that is made up must be 401, and page nobody."""
        if len(self._awaited) < _MAX_AWAITED:
            self._awaited.add(kid)
        return kid in self._awaited

    def _unavailable(self) -> Unavailable:
        next_try = self._tried_at + _FETCH_INTERVAL - self._clock()
        return Unavailable(
            "The keys that verify access tokens cannot be fetched right now; "
            "please try again in a moment.",
            retry_after=min(_FETCH_INTERVAL, max(1, math.ceil(next_try))),
        )

    def _fetch(self) -> None:
        """Start a fetch unless another started less than 30 s ago."""
        with self._lock:
            if not 0 <= self._clock() - self._tried_at < _FETCH_INTERVAL:
                self._tried_at, self._finished = self._clock(), threading.Event()
                self._awaited = set()
                self._fetch_count += 1
                arguments = (self._fetch_count, self._tried_at, self._finished)
                threading.Thread(target=self._run_fetch, args=arguments, daemon=True).start()

    def _run_fetch(self, number: int, started_at: float, finished: threading.Event) -> None:
        try:
            keys = _usable_keys(_download(self._address))
            # A slow fetch must not replace newer keys. Compared by number: clocks can be set back.
            if number > self._fetch_number:
                self._keys, self._fetched_at, self._fetch_number = keys, started_at, number
            self._failing = False
            metrics.KEY_FETCHES.labels("succeeded").inc()
        except (PyJWTError, ValueError, OSError, HTTPException) as error:
            self._failing = True
            metrics.KEY_FETCHES.labels("failed").inc()
            log.warning("the published keys could not be fetched: %s", error)
        finally:
            finished.set()


class _NoRedirects(HTTPRedirectHandler):
    """Refuses redirects: keys come only from the configured address."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        """Return None, so that the response raises HTTPError."""


_opener = build_opener(_NoRedirects)


def _download(address: str) -> Any:
    """Return the JSON at an address. Raises OSError, HTTPException, ValueError.

    Size and total time are limited, against an endpoint that sends byte by byte (PyJWKClient has no limits).
    """
    deadline = time.monotonic() + _TIMEOUT
    response: HTTPResponse
    with _opener.open(address, timeout=_TIMEOUT) as response:
        body = b""
        while chunk := response.read1(_MAX_BYTES):
            body += chunk
            if len(body) > _MAX_BYTES or time.monotonic() > deadline:
                raise TimeoutError("the response is too large or too slow")
    return orjson.loads(body)


def _usable_keys(document: Any) -> dict[str, PyJWK]:
    """Return the usable keys of a JWKS by `kid`. Raises PyJWKClientError for an unusable document."""
    published = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(published, list) or not all(isinstance(key, dict) for key in published):
        raise PyJWKClientError("the response is not a JWK set")
    keys = {}
    for key in published:
        try:
            parsed = PyJWK(key)
        except (PyJWKError, PyJWTError, ValueError, TypeError, KeyError):
            continue
        # A published symmetric key is ignored: whoever reads it could forge tokens.
        is_signing_key = key.get("use", "sig") == "sig" and parsed.algorithm_name in ALGORITHMS
        if isinstance(parsed.key_id, str) and is_signing_key:
            keys[parsed.key_id] = parsed
    if published and not keys and not any(key.get("kty") == "oct" for key in published):
        raise PyJWKClientError("the response has no usable key")
    return keys
