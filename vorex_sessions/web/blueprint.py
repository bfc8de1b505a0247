"""Base blueprints: require a token, read bodies before validation, document error responses once."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial, wraps
from http import HTTPStatus
from typing import Any, TypeVar

import flask_smorest
import marshmallow as ma
import orjson
from flask import Response

from vorex_sessions import compression
from vorex_sessions.auth import caller
from vorex_sessions.hooks.answers import Answer, Asked
from vorex_sessions.hooks.standby_reads import by_standby, may_lag
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
from vorex_sessions.turns import checkpoint
from vorex_sessions.web.conditional import ETAG, IF_NONE_MATCH, NOT_MODIFIED, conditional
from vorex_sessions.web.requests import Arguments, read_file, read_json, refuse_parameters

BODY_LIMIT = 1024 * 1024  # bytes
F = TypeVar("F", bound=Callable[..., Any])


class JsonResponse(Response):
    """A response that is sent as it is; Werkzeug's looks through a copy of its headers, and wraps its body.

    For statuses with a body, and for locations in ASCII.
    """

    def get_wsgi_headers(self, environ: Any) -> Any:
        """Return the headers; `set_data` has told the length."""
        return self.headers

    def get_app_iter(self, environ: Any) -> Any:
        """Return the body."""
        if self._on_close or environ["REQUEST_METHOD"] == "HEAD":
            return super().get_app_iter(environ)
        return self.response


def json_response(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Return a JSON response. The view's schema only documents it; tests compare the two."""
    checkpoint()
    data = orjson.dumps(body)
    response = JsonResponse(data, status, headers, content_type="application/json")
    return response if len(data) < compression.SMALLEST else compression.offer(response)


class OpenBlueprint(flask_smorest.Blueprint):
    """A blueprint without authentication. Its operations have one tag and document only our problems.

    Its views return responses: what flask-smorest would make of anything else is left out.
    """

    ARGUMENTS_PARSER = Arguments()
    problems: tuple[type[Problem], ...] = ()
    body_problems: tuple[type[Problem], ...] = ()
    security: tuple[dict[str, list[str]], ...] = ()

    def __init__(self, name: str, import_name: str, *, tag: str, **options: Any) -> None:
        super().__init__(name, import_name, **options)
        self.tag = tag
        self._prepare_doc_cbks.append(self._document)

    def doc(self, **more: Any) -> Callable[[F], F]:
        """Decorate a view with documentation."""
        return _without_wrapper(super().doc(**more))

    def response(self, *arguments: Any, **options: Any) -> Callable[[F], F]:
        """Document the response of a view."""
        return _without_wrapper(super().response(*arguments, **options))

    def alt_response(self, *arguments: Any, **options: Any) -> Callable[[F], F]:
        """Document another response of a view."""
        return _without_wrapper(super().alt_response(*arguments, **options))

    def add_url_rule(
        self, rule: str, endpoint: str | None = None, view_func: Any = None, **options: Any
    ) -> None:
        """Register a view under the blueprint's tag; its name in camelCase is the operationId."""
        endpoint = endpoint or view_func.__name__
        verb, *nouns = view_func.__name__.split("_")
        operation_id = verb + "".join(map(str.title, nouns))
        view_func._apidoc = {**getattr(view_func, "_apidoc", {}), "operation_id": operation_id}
        super().add_url_rule(rule, endpoint, view_func, **{**options, "tags": [self.tag]})

    def _document(
        self, doc: dict[str, Any], doc_info: dict[str, Any], **context: Any
    ) -> dict[str, Any]:
        """Document our problems instead of flask-smorest's error responses, and the operationId."""
        responses = doc.setdefault("responses", {})
        responses.pop("default", None)
        responses.pop(HTTPStatus(422), None)
        for problem in self.problems + (self.body_problems if "requestBody" in doc else ()):
            responses[str(int(problem.status))] = component_name(problem)
        doc["security"] = list(self.security)
        doc["operationId"] = doc_info["operation_id"]
        return doc


def _without_wrapper(decorate: Callable[[F], Any]) -> Callable[[F], F]:
    """Document a view as `decorate` does, without the function that it wraps around it."""

    def document(view: F) -> F:
        view._apidoc = decorate(view)._apidoc  # type: ignore[attr-defined]  # flask-smorest's
        return view

    return document


class Blueprint(OpenBlueprint):
    """A blueprint whose views need a token: a learner's, unless `guard` checks another.

    Its views refuse unknown fields and parameters.
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
        self.guard = guard
        self.answers: list[Answer] = []
        self.before_request(guard)

    def answer(
        self, rule: str, schema: type[ma.Schema], query: ma.Schema | None = None
    ) -> Callable[[Callable[[Asked], Any]], Callable[[Asked], Any]]:
        """Decorate what answers a learner's question: with a GET, and as a part of the overview.

        For answers of bounded size whose path has no parameters.
        """

        def decorate(make: Callable[[Asked], Any]) -> Callable[[Asked], Any]:
            has_period = query is not None and "period" in query.fields

            @wraps(make)
            def view(parameters: dict[str, Any] | None = None) -> Response:
                asked = Asked(caller.learner_id(), datetime.now(UTC), parameters or {})
                if has_period and may_lag(asked.query):
                    read = partial(make, asked)
                    return json_response(by_standby(asked.learner_id, read, otherwise=read))
                return json_response(make(asked))

            documented = self.response(200, schema)(view)
            if query:
                documented = self.arguments(query, location="query")(documented)
            self.get(rule)(documented)
            self.answers.append(Answer(rule.removeprefix("/"), make, schema, query))
            return make

        return decorate

    def add_url_rule(
        self, rule: str, endpoint: str | None = None, view_func: Any = None, **options: Any
    ) -> None:
        """Register a view, wrapped in the checks that its documented arguments need."""
        endpoint = endpoint or view_func.__name__
        view = _checked(view_func)
        if self.guard is caller.require_learner and options.get("methods") == ["GET"]:
            view = conditional(view)
        super().add_url_rule(rule, endpoint, view, **options)

    def _document(
        self, doc: dict[str, Any], doc_info: dict[str, Any], **context: Any
    ) -> dict[str, Any]:
        """Document that a learner's GET is conditional; openapi.py adds the header of its 200."""
        doc = super()._document(doc, doc_info, **context)
        if self.guard is caller.require_learner and context["method"] == "get":
            doc["parameters"] = [*doc.get("parameters", ()), IF_NONE_MATCH]
            doc["responses"]["304"] = {"description": NOT_MODIFIED, "headers": ETAG}
        return doc


def body_limit(limit: int) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorate a view whose body may have up to `limit` bytes, instead of BODY_LIMIT."""

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        view.body_limit = limit  # type: ignore[attr-defined]  # read by _checked
        return view

    return decorate


def takes_file(
    limit: int, media_types: Mapping[str, str]
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorate a view whose body is a file in one of several formats, named by media type."""

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        view.read_body = partial(read_file, limit, media_types)  # type: ignore[attr-defined]  # as above
        return view

    return decorate


def _locations(view: Callable[..., Any]) -> set[str]:
    documented = getattr(view, "_apidoc", {}).get("arguments", {}).get("parameters", [])
    return {parameter["in"] for parameter in documented}


def _checked(view: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a view: 413, 415 and 400 come before any 422, in whatever order its schemas are loaded."""
    locations, limit = _locations(view), getattr(view, "body_limit", BODY_LIMIT)
    read_body = getattr(view, "read_body", partial(read_json, limit))
    has_body = "json" in locations or hasattr(view, "read_body")

    @wraps(view)
    def checked(*args: Any, **kwargs: Any) -> Any:
        if has_body:
            read_body()
        if "query" not in locations:
            refuse_parameters()
        return view(*args, **kwargs)

    return checked


def component_name(problem: type[Problem]) -> str:
    """Return the name of a problem's response in the OpenAPI document."""
    return f"{problem.__name__}Problem"
