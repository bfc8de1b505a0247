"""OpenAPI of the overview: its parts and their parameters are those of all capabilities."""

from typing import Any

from vorex_sessions.hooks.answers import Answer
from vorex_sessions.hooks.registry import Registry
from vorex_sessions.web import answer_fields
from vorex_sessions.web.schemas import Schema

MOST_PARTS = 8
EXAMPLE = "stats,streak,warmup"
ENUMERATION = "OverviewPart"
_PATH, _COMPONENT = "/api/sessions/overview", "Overview"
_DESCRIPTION = (
    "Each answer is what its own endpoint gives with the same parameters. A parameter of an answer has the "
    "answer's name before its own, as in `stats.period=month`, and needs the answer in `include`."
)


def document_overview(api: Any, registry: Registry) -> None:
    """Add the parts and their parameters, where the app has an overview."""
    if _COMPONENT not in api.spec.components.schemas:
        return
    converter = api.ma_plugin.converter
    members: dict[str, Any] = {
        one.name: answer_fields.nested(
            one.schema, f"What `/api/sessions/{one.name}` answers, if included.", required=False
        )
        for one in registry.answers.values()
    }
    added = converter.schema2jsonschema(Schema.from_dict(members, name="OverviewPartsSchema")())
    api.spec.components.schemas[_COMPONENT]["properties"] = added["properties"]
    operation = api.spec.to_dict()["paths"][_PATH]["get"]
    operation["description"] = _DESCRIPTION
    for parameter in operation["parameters"]:
        if parameter["name"] == "include":
            parameter |= _include()
    operation["parameters"] += [
        parameter
        for one in registry.answers.values()
        if one.query
        for parameter in _of_part(converter, one)
    ]


def _include() -> dict[str, Any]:
    """The names as a list that is written with commas."""
    names = {"$ref": f"#/components/schemas/{ENUMERATION}"}
    schema = {"type": "array", "items": names, "minItems": 1, "maxItems": MOST_PARTS}
    return {
        "style": "form",
        "explode": False,
        "schema": {**schema, "uniqueItems": True},
        "example": EXAMPLE.split(","),
    }


def _of_part(converter: Any, one: Answer) -> list[dict[str, Any]]:
    return [
        {**parameter, "name": f"{one.name}.{parameter['name']}"}
        for parameter in converter.schema2parameters(one.query, location="query")
    ]
