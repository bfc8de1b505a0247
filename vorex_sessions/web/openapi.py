"""The shared parts of the OpenAPI document, and what capabilities add to each other's responses."""

from collections.abc import Mapping
from typing import Any

import marshmallow as ma

from vorex_sessions.hooks.registry import Registry
from vorex_sessions.hooks.taking_back import TakenBack
from vorex_sessions.problems.kinds import (
    Invalid,
    NotSignedIn,
    Problem,
    QuotaExceeded,
    Unavailable,
)
from vorex_sessions.web.api import Api
from vorex_sessions.web.blueprint import component_name
from vorex_sessions.web.conditional import ETAG
from vorex_sessions.web.openapi_finish import finish
from vorex_sessions.web.openapi_overview import ENUMERATION, document_overview
from vorex_sessions.web.schemas import ProblemSchema, Schema

# Response headers: description, type, example.
_HEADERS = {
    "X-Request-ID": (
        "The id of the request, as in the service's log: the client's own, if it sent one.",
        *("string", "0b7c5d3e-4f57-4d0e-9a51-0c8f5a1f2b33"),
    ),
    "RateLimit-Policy": (
        "How many requests of a kind a window of `w` seconds allows; absent where limits are off.",
        *("string", '"writes";q=120;w=60'),
    ),
    "RateLimit": (
        "How many requests remain, and in how many seconds the window ends; absent where limits are off.",
        *("string", '"writes";r=119;t=42'),
    ),
    "Retry-After": ("After how many seconds to try again.", "integer", 12),
    "WWW-Authenticate": (
        "How to sign in; `error` where a token was sent and is invalid.",
        *("string", 'Bearer error="invalid_token"'),
    ),
}
_ALWAYS = ("X-Request-ID",)
_COUNTED = (*_ALWAYS, "RateLimit-Policy", "RateLimit")
_HEADERS_OF: dict[type[Problem], tuple[str, ...]] = {
    NotSignedIn: ("WWW-Authenticate",),
    QuotaExceeded: ("Retry-After",),
    Unavailable: ("Retry-After",),
}


def document_components(api: Api) -> None:
    """Register the shared parts of the OpenAPI document: headers, problems and the security scheme."""
    for name, (description, kind, example) in _HEADERS.items():
        header = {"description": description, "schema": {"type": kind}, "example": example}
        api.spec.components.header(name, header)
    for problem in _all_problems(Problem):
        content = {"schema": ProblemSchema, "example": _example(problem).body()}
        response = {
            "description": problem.title,
            "headers": _headers(*_COUNTED, *_HEADERS_OF.get(problem, ())),
            "content": {"application/problem+json": content},
        }
        api.spec.components.response(component_name(problem), response, lazy=True)
    api.spec.components.security_scheme(
        "bearer",
        {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "The learner's access token, as Supabase Auth issues it; "
            "under /api/admin the project's service key.",
        },
    )


def document_answers(api: Api, registry: Registry) -> None:
    """Add the members that capabilities contribute to documented responses, including the export."""
    for capability in registry.capabilities:
        for component, schema in capability.answer_schemas.items():
            _add_members(api, component, schema)
    members = {export.member: export.field for export in registry.exports.values()}
    if "LearnerExport" in api.spec.components.schemas:
        added = Schema.from_dict(members, name="ExportMembersSchema")
        _add_members(api, "LearnerExport", added)
    if "ImportFile" in api.spec.components.schemas:
        taken = {one.member: _rows(one) for one in registry.taken_back}
        _add_members(api, "ImportFile", Schema.from_dict(taken, name="ImportMembersSchema"))
    document_overview(api, registry)
    _document_headers(api)
    finish(api.spec.to_dict(), {**registry.enumerations, ENUMERATION: tuple(registry.answers)})


def _rows(one: TakenBack) -> ma.fields.Field[Any]:
    about = f"Rows of `{one.member}`, as the export has them."
    return ma.fields.List(
        ma.fields.Nested(type(one.row)), metadata={"description": about, "example": []}
    )


def _add_members(api: Api, component: str, schema: type[ma.Schema]) -> None:
    try:
        documented = api.spec.components.schemas[component]
    except KeyError:
        raise ValueError(f"answer_schemas names {component}, which no endpoint returns") from None
    assert api.ma_plugin.converter  # noqa: S101  # set by Api
    added: Mapping[str, Any] = api.ma_plugin.converter.schema2jsonschema(schema())
    documented["properties"] |= added["properties"]
    required = {*documented.get("required", ()), *added.get("required", ())}
    documented["required"] = sorted(required)


def _document_headers(api: Api) -> None:
    """Add the headers of every answer that is no problem; problems have theirs."""
    for path in api.spec.to_dict()["paths"].values():
        for operation in path.values():
            responses = operation["responses"] if isinstance(operation, dict) else {}
            if "304" in responses:
                responses["200"].setdefault("headers", {}).update(ETAG)
            for response in responses.values():
                if "$ref" not in response:
                    names = _COUNTED if operation["security"] else _ALWAYS
                    response.setdefault("headers", {}).update(_headers(*names))


def _headers(*names: str) -> dict[str, dict[str, str]]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _example(problem: type[Problem]) -> Problem:
    if issubclass(problem, QuotaExceeded):
        return problem("writes", 120, 12)
    if problem is Invalid:
        place = {"detail": "duration_seconds is required.", "pointer": "#/duration_seconds"}
        return Invalid(place["detail"], errors=[place])
    return problem()


def _all_problems(root: type[Problem]) -> list[type[Problem]]:
    return [root, *(leaf for child in root.__subclasses__() for leaf in _all_problems(child))]
