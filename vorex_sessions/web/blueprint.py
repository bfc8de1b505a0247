"""Our Blueprint: a learner's token required, bodies read before they are judged, answers documented once."""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

import flask_smorest
import orjson
from flask import Response

from vorex_sessions.auth import caller
from vorex_sessions.problems.kinds import (
    Forbidden,
    Invalid,
    NotJson,
    NotSignedIn,
    Problem,
    QuotaExceeded,
    TooLarge,
    TooSlow,
    Unavailable,
    Unreadable,
)
from vorex_sessions.web.requests import Arguments, read_json, refuse_parameters
from vorex_sessions.web.schemas import ProblemSchema

BODY_LIMIT = 1024 * 1024  # bytes


def json_response(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A JSON response, written by orjson; the view's schema documents it and a test holds it to that."""
    return Response(orjson.dumps(body), status, headers, content_type="application/json")


class OpenBlueprint(flask_smorest.Blueprint):
    """A blueprint without sign-in, whose operations carry one tag and document only our problems."""

    ARGUMENTS_PARSER = Arguments()
    problems: tuple[type[Problem], ...] = ()
    body_problems: tuple[type[Problem], ...] = ()
    security: tuple[dict[str, list[str]], ...] = ()

    def __init__(self, name: str, import_name: str, *, tag: str, **options: Any) -> None:
        super().__init__(name, import_name, **options)
        self.tag = tag
        self._prepare_doc_cbks.append(self._document)

    def add_url_rule(
        self, rule: str, endpoint: str | None = None, view_func: Any = None, **options: Any
    ) -> None:
        """Register a view under the blueprint's tag."""
        endpoint = endpoint or view_func.__name__
        super().add_url_rule(rule, endpoint, view_func, **{**options, "tags": [self.tag]})

    def _document(self, doc: dict[str, Any], doc_info: Any, **context: Any) -> dict[str, Any]:
        """Our problems in the place of flask-smorest's own error answers."""
        responses = doc.setdefault("responses", {})
        responses.pop("default", None)
        responses.pop(HTTPStatus(422), None)
        for problem in self.problems + (self.body_problems if "requestBody" in doc else ()):
            responses[str(int(problem.status))] = component_name(problem)
        doc["security"] = list(self.security)
        return doc


class Blueprint(OpenBlueprint):
    """A blueprint whose every view needs a token, a learner's unless told otherwise.

    What its views do not know, they refuse.
    """

    problems = (NotSignedIn, Forbidden, Invalid, QuotaExceeded, Unavailable)
    body_problems = (Unreadable, TooSlow, TooLarge, NotJson)
    security = ({"bearer": []},)

    def __init__(
        self,
        name: str,
        import_name: str,
        *,
        tag: str = "Sessions",
        guard: Callable[[], None] = caller.require_learner,
        **options: Any,
    ) -> None:
        super().__init__(name, import_name, tag=tag, **options)
        self.before_request(guard)

    def add_url_rule(
        self, rule: str, endpoint: str | None = None, view_func: Any = None, **options: Any
    ) -> None:
        """Register a view, wrapped in the checks that its documented arguments call for."""
        endpoint = endpoint or view_func.__name__
        super().add_url_rule(rule, endpoint, _checked(view_func), **options)


def body_limit(limit: int) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """For a view whose body may be larger than the usual one, in bytes."""

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        view.body_limit = limit  # type: ignore[attr-defined]  # a mark that _checked reads
        return view

    return decorate


def _locations(view: Callable[..., Any]) -> set[str]:
    documented = getattr(view, "_apidoc", {}).get("arguments", {}).get("parameters", [])
    return {parameter["in"] for parameter in documented}


def _checked(view: Callable[..., Any]) -> Callable[..., Any]:
    """413, 415 and 400 come before any 422, whichever order the view's schemas are judged in."""
    locations, limit = _locations(view), getattr(view, "body_limit", BODY_LIMIT)

    @wraps(view)
    def checked(*args: Any, **kwargs: Any) -> Any:
        if "json" in locations:
            read_json(limit)
        if "query" not in locations:
            refuse_parameters()
        return view(*args, **kwargs)

    return checked


def component_name(problem: type[Problem]) -> str:
    """What the OpenAPI document calls the response of a problem."""
    return f"{problem.__name__}Problem"


class Api(flask_smorest.Api):
    """flask-smorest's Api, documenting our problems."""

    ERROR_SCHEMA = ProblemSchema

    def _register_pagination_header(self) -> None:
        """Pages are described in their own answers, so flask-smorest's header stays out."""
