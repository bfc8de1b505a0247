"""Requests with the learner's token and a time limit."""

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import httpx

from vorex_sessions_client.clock import Clock
from vorex_sessions_client.problems import (
    NoAnswerError,
    ProblemError,
    http_date,
    parsed,
    problem_of,
    retry_after,
)
from vorex_sessions_client.tokens import is_anothers

# Returns the current access token, None if nobody is signed in; given True a new one: the last was refused.
TokenSource: TypeAlias = Callable[[bool], str | None]

_NOBODY = "There is no access token: sign in again."
_ANOTHER = "Another learner is signed in: what waits is sent when its own learner signs in again."


class Http:
    """Sends requests, and learns the server's time from the responses."""

    def __init__(
        self,
        url: str,
        token: TokenSource,
        client: httpx.Client,
        clock: Clock,
        learner: str | None = None,
    ) -> None:
        """Set up requests. With a learner, nothing is sent with the token of another."""
        self.clock = clock
        # The tokens of the last request, before the refresh and after it, if the service refused it.
        self._refused: set[str | None] = set()
        self._url, self._token, self._client = url.rstrip("/"), token, client
        self._learner = learner

    def for_learner(self, learner: str) -> "Http":
        """Return the same for one learner's requests alone: the program's token may become another's."""
        return Http(self._url, self._token, self._client, self.clock, learner)

    def token(self, refresh: bool) -> str | None:
        """Return the current token, or None. Raises NoAnswerError if it cannot be had now."""
        try:
            return self._token(refresh)
        except Exception as error:
            raise NoAnswerError("The access token could not be fetched.") from error

    def has_new_token(self) -> bool:
        """Return whether, after a 401 that a refresh did not cure, there is another token now."""
        try:
            token = self.token(False)
        except NoAnswerError:
            return False
        return token not in {None, *self._refused} and not self._is_anothers(token)

    def send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """Send a request; after a 401 once more with a new token. Raises NoAnswerError."""
        request: dict[str, Any] = {"params": _given(query), "headers": {**(headers or {})}}
        if body is not None:
            request["content"] = json.dumps(body, allow_nan=False)
            request["headers"]["Content-Type"] = "application/json"
        token = self.token(False)
        if self._is_anothers(token):
            return _signed_out(_ANOTHER)
        first = None if token is None else self._exchange(method, path, token, request)
        if first is not None and first.status_code != 401:
            return first
        fresh = self.token(True)
        if first is not None:
            self._refused = {token}
        if fresh is None:
            return _signed_out(_NOBODY) if first is None else first
        if self._is_anothers(fresh):
            return _signed_out(_ANOTHER)
        repeat = first is None or fresh != token
        last = self._exchange(method, path, fresh, request) if repeat or first is None else first
        self._refused = {token, fresh} if last.status_code == 401 else set()
        return last

    def json(self, method: str, path: str, **request: Any) -> Any:
        """Return the JSON of a successful answer. Raises ProblemError or NoAnswerError."""
        response = self.send(method, path, **request)
        if not response.is_success:
            raise self.problem(response)
        if response.status_code == 204:
            return None
        read = parsed(response.text)
        if read is None:
            raise NoAnswerError("The answer is not the service's: a sign-in page of the network?")
        return read

    def problem(self, response: httpx.Response) -> ProblemError:
        """Return the response as an exception."""
        status = response.status_code
        problem = problem_of(status, response.text)
        request_id = response.headers.get("X-Request-ID")
        return ProblemError(status, problem, request_id, self.retry_after(response))

    def retry_after(self, response: httpx.Response) -> float | None:
        """Return how many seconds the response asks to wait."""
        now = http_date(response.headers.get("Date")) or self.clock.now()
        return retry_after(response.headers.get("Retry-After"), now)

    def _is_anothers(self, token: str | None) -> bool:
        return bool(token and self._learner and is_anothers(token, self._learner))

    def _exchange(
        self, method: str, path: str, token: str, request: dict[str, Any]
    ) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}", **request["headers"]}
        try:
            response = self._client.request(
                method, self._url + path, **{**request, "headers": headers}
            )
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            raise NoAnswerError(f"The service cannot be reached: {error}") from error
        self.clock.observe(response.headers.get("Date"))
        return response


def _given(query: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return {name: value for name, value in (query or {}).items() if value is not None} or None


def _signed_out(detail: str) -> httpx.Response:
    problem = {"title": "Not signed in", "detail": detail}
    return httpx.Response(401, json=problem)
