"""The shared parts of the OpenAPI document, and what capabilities add to each other's responses."""

from collections.abc import Mapping
from typing import Any

import marshmallow as ma

from vorex_sessions.hooks.registry import Registry
from vorex_sessions.problems.kinds import Problem
from vorex_sessions.web.blueprint import Api, component_name
from vorex_sessions.web.schemas import ProblemSchema, Schema


def document_components(api: Api) -> None:
    """Register the shared parts of the OpenAPI document: problems and the security scheme."""
    for problem in _all_problems(Problem):
        content = {"application/problem+json": {"schema": ProblemSchema}}
        response = {"description": problem.title, "content": content}
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
    if "Export" in api.spec.components.schemas:
        _add_members(api, "Export", Schema.from_dict(members, name="ExportMembersSchema"))


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


def _all_problems(root: type[Problem]) -> list[type[Problem]]:
    return [root, *(leaf for child in root.__subclasses__() for leaf in _all_problems(child))]
