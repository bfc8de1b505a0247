"""Check responses against openapi.json and against the rules for all responses."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import orjson
from flask import Flask
from jsonschema_rs import Draft202012Validator
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


@lru_cache(maxsize=4)
def _validators(app: Flask) -> dict[tuple[str, str, str, str], Draft202012Validator]:
    """Validators by path, method, status and media type: to build one takes longer than to use it."""
    return {}


def _objects(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
    for inner in (
        node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    ):
        yield from _objects(inner)


def check_contract(app: Flask, method: str, path: str, response: TestResponse) -> None:
    """Raise an error where the document does not allow the response."""
    assert response.headers.get("X-Request-ID")
    if response.status_code >= 400:
        assert response.content_type == "application/problem+json", response.text
    spec = strict_document(app)
    template, method = _template(spec, path.partition("?")[0]), method.lower()
    if template is None or method not in spec["paths"][template]:
        return
    responses = spec["paths"][template][method]["responses"]
    status = str(response.status_code)
    assert status in responses, f"undocumented status {status}"
    documented = _resolve(spec, responses[status]).get("content", {})
    if documented:
        media = response.content_type.partition(";")[0]
        assert media in documented, f"undocumented media type {media}"
        if media.endswith("json") and "ndjson" not in media:
            validators, key = _validators(app), (template, method, status, media)
            if key not in validators:
                validators[key] = _validator(spec, documented[media]["schema"])
            _check_body(validators[key], response)


def _validator(spec: dict[str, Any], schema: dict[str, Any]) -> Draft202012Validator:
    whole = {**schema, "components": spec["components"]}
    return Draft202012Validator(whole, validate_formats=True)


def _check_body(validator: Draft202012Validator, response: TestResponse) -> None:
    body = orjson.loads(response.data)
    validator.validate(body)
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
