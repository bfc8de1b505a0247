"""The last step of the OpenAPI document: makes it fit for the tools that generate clients from it.

marshmallow's schemas describe what the service sends today. The document tells clients more: answers may
gain members and values, requests may not.
"""

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from typing import Any

Node = dict[str, Any]
_SCHEMAS = "#/components/schemas/"


def finish(document: Node, enumerations: Mapping[str, Sequence[str]]) -> None:
    """Change the document in place; `enumerations` are the names of enumerations, with their values."""
    operations = [operation for path in document["paths"].values() for operation in _own(path)]
    for operation in operations:
        for parameter in operation.get("parameters", ()):
            if "example" in parameter["schema"]:
                parameter["example"] = parameter["schema"].pop("example")
    for path in document["paths"].values():
        for parameter in path.get("delete", {}).get("parameters", ()):
            _disarm(parameter)
    schemas: dict[str, Node] = document["components"]["schemas"]
    requests = [operation.get("requestBody", {}) for operation in operations]
    answers = [operation["responses"] for operation in operations]
    answers.append(document["components"]["responses"])
    answered = _separate_answers(schemas, requests, answers)
    names = {tuple(values): name for name, values in enumerations.items()}
    for name, schema in schemas.items():
        for node in _nodes(schema):
            _name_enumeration(node, names, may_grow=name in answered)
            _use_one_of(node)
        if name in answered:
            _let_grow(schema)
    for operation in operations:
        for parameter in operation.get("parameters", ()):
            _name_enumeration(parameter["schema"], names, may_grow=False)
    schemas.update(
        (name, {"type": "string", "enum": list(values)}) for values, name in names.items()
    )


def _own(path: Node) -> Iterator[Node]:
    """The operations of a path; the parameters that they share become each one's own."""
    shared = path.pop("parameters", [])
    for operation in path.values():
        if shared:
            operation["parameters"] = deepcopy(shared) + operation.get("parameters", [])
        yield operation


def _disarm(parameter: Node) -> None:
    """Leave out what tools would fill in: one click must not delete anything."""
    parameter.pop("example", None)
    for name in ("enum", "default"):
        parameter["schema"].pop(name, None)


def _nodes(node: Any) -> Iterator[Node]:
    """All objects of a part of the document, examples included."""
    if isinstance(node, dict):
        yield node
        for inner in list(node.values()):
            yield from _nodes(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from _nodes(inner)


def _reached(schemas: Mapping[str, Node], start: Any) -> set[str]:
    """The names of the schemas that a part of the document refers to, directly or not."""
    found: set[str] = set()
    waiting = [start]
    while waiting:
        for node in _nodes(waiting.pop()):
            name = str(node.get("$ref", "")).removeprefix(_SCHEMAS)
            if name in schemas and name not in found:
                found.add(name)
                waiting.append(schemas[name])
    return found


def _separate_answers(schemas: dict[str, Node], requests: Any, answers: Any) -> set[str]:
    """Give answers their own copies of the schemas that requests use; return the names of all of theirs."""
    answered = _reached(schemas, answers)
    shared = _reached(schemas, requests) & answered
    for name in shared:
        schemas[f"Stored{name}"] = deepcopy(schemas[name])
    answered = answered - shared | {f"Stored{name}" for name in shared}
    for part in (answers, *(schemas[name] for name in answered)):
        for node in _nodes(part):
            if (name := str(node.get("$ref", "")).removeprefix(_SCHEMAS)) in shared:
                node["$ref"] = f"{_SCHEMAS}Stored{name}"
    return answered


def _let_grow(schema: Node) -> None:
    for node in _nodes(schema):
        if node.get("additionalProperties") is False:
            del node["additionalProperties"]


def _name_enumeration(node: Node, names: Mapping[tuple[str, ...], str], *, may_grow: bool) -> None:
    """Refer to a named enumeration. Where it may grow, name it only: any other text is valid as well."""
    values = tuple(value for value in node.get("enum", ()) if value is not None)
    if values not in names:
        return
    del node["enum"]
    if may_grow:
        # Not `anyOf`: openapi-generator makes an empty class of it, which fails at every answer.
        node["x-extensible-enum"] = list(values)
        node["description"] += f" One of `{names[values]}`; later versions may add values."
    else:
        del node["type"]
        node["$ref"] = _SCHEMAS + names[values]


def _use_one_of(node: Node) -> None:
    """An object or null: never both."""
    if {"type": "null"} in node.get("anyOf", ()):
        node["oneOf"] = node.pop("anyOf")
