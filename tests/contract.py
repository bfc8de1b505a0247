"""Check responses against openapi.json and against the rules for all responses."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import orjson
from flask import Flask
from jsonschema import Draft202012Validator, FormatChecker
from werkzeug.test import TestResponse

STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


@lru_cache(maxsize=4)
def document(app: Flask) -> dict[str, Any]:
    return orjson.loads(app.test_client().get("/openapi.json").data)


@lru_cache(maxsize=4)
def strict_document(app: Flask) -> dict[str, Any]:
    """The document without the room for later versions: answers hold what it names, and nothing else."""
    spec = orjson.loads(app.test_client().get("/openapi.json").data)
    for node in _objects(spec["components"]["schemas"]):
        if isinstance(node.get("properties"), dict):
            node.setdefault("additionalProperties", False)
        if "x-extensible-enum" in node:
            node["enum"] = [*node["x-extensible-enum"], *([None] if "null" in node["type"] else [])]
    return spec


def _objects(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
    for inner in (
        node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    ):
        yield from _objects(inner)


def check_contract(app: Flask, method: str, path: str, response: TestResponse) -> None:
    """Raise AssertionError where the document does not allow the response."""
    assert response.headers.get("X-Request-ID")
    if response.status_code >= 400:
        assert response.content_type == "application/problem+json", response.text
    spec = strict_document(app)
    template = _template(spec, path.partition("?")[0])
    if template is None or method.lower() not in spec["paths"][template]:
        return
    responses = spec["paths"][template][method.lower()]["responses"]
    assert str(response.status_code) in responses, f"undocumented status {response.status_code}"
    documented = _resolve(spec, responses[str(response.status_code)]).get("content", {})
    if documented:
        media = response.content_type.partition(";")[0]
        assert media in documented, f"undocumented media type {media}"
        if media.endswith("json") and "ndjson" not in media:
            _check_schema(spec, documented[media]["schema"], response)


def _check_schema(spec: dict[str, Any], schema: dict[str, Any], response: TestResponse) -> None:
    full_schema = {**schema, "components": spec["components"]}
    body = orjson.loads(response.data)
    Draft202012Validator(full_schema, format_checker=FormatChecker()).validate(body)
    for name, value in _members(body):
        if name.endswith("_at") and name != "day_starts_at" and value is not None:
            assert STAMP.fullmatch(value), f"{name}: {value}"


def _members(value: Any) -> Any:
    if isinstance(value, dict):
        for name, inner in value.items():
            if name != "metadata":
                yield name, inner
                yield from _members(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _members(inner)


def _template(spec: dict[str, Any], path: str) -> str | None:
    if path in spec["paths"]:
        return path
    for template in spec["paths"]:
        if re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", template), path):
            return template
    return None


def _resolve(spec: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    reference = node.get("$ref")
    if not reference:
        return node
    target: Any = spec
    for step in reference.removeprefix("#/").split("/"):
        target = target[step]
    return target
