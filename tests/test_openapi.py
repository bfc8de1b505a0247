"""openapi.json documents the API in full."""

from collections.abc import Iterator
from typing import Any

from flask import Flask

from tests.contract import document


def properties(spec: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, schema in spec["components"]["schemas"].items():
        for field, described in schema.get("properties", {}).items():
            yield f"{name}.{field}", described


def parameters(spec: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, operations in spec["paths"].items():
        for method, operation in operations.items():
            if method != "parameters":
                for parameter in operation.get("parameters", []):
                    yield f"{method} {path}?{parameter['name']}", parameter


def test_every_field_has_a_description_and_an_example(app: Flask) -> None:
    for name, described in properties(document(app)):
        assert described.get("description"), name
        composed = "$ref" in str(described)
        assert composed or "example" in described or "examples" in described, name


def test_every_parameter_has_a_description_and_an_example(app: Flask) -> None:
    for name, parameter in parameters(document(app)):
        assert parameter.get("description"), name
        # Swagger UI fills in an example; an optional header would then always be sent.
        in_description = "for example" in parameter["description"] and parameter["in"] == "header"
        assert in_description or "example" in parameter["schema"], name


def test_limits_are_in_the_document(app: Flask) -> None:
    save = document(app)["components"]["schemas"]["Save"]["properties"]
    assert (save["duration_seconds"]["minimum"], save["duration_seconds"]["maximum"]) == (0, 86400)
    assert (save["words_spoken"]["minimum"], save["words_spoken"]["maximum"]) == (0, 100_000)
    assert save["fluency_score"]["type"] == ["number", "null"]
    assert (save["fluency_score"]["minimum"], save["fluency_score"]["maximum"]) == (0, 100)
    assert (save["topics"]["maxItems"], save["topics"]["items"]["maxLength"]) == (50, 200)
    assert save["vocabulary_learned"]["maxItems"] == 500
    assert save["session_type"]["enum"] == ["conversation", "pronunciation", "roleplay"]
    assert save["completed_at"]["format"] == "date-time"


def test_everything_under_sessions_has_its_tag_its_security_and_its_problems(app: Flask) -> None:
    spec = document(app)
    for path, operations in spec["paths"].items():
        for method, operation in operations.items():
            if method == "parameters" or not path.startswith("/api/sessions"):
                continue
            assert operation["tags"] == ["Sessions"], path
            assert operation["security"] == [{"bearer": []}], path
            assert {"401", "403", "422", "503"} <= operation["responses"].keys(), path
            assert operation["summary"].endswith("."), path


def test_tags_are_described(app: Flask) -> None:
    tags = {tag["name"]: tag["description"] for tag in document(app)["tags"]}
    assert tags.keys() == {"Sessions", "Operations"}


def test_problems_are_documented_as_such(app: Flask) -> None:
    spec = document(app)
    for name, response in spec["components"]["responses"].items():
        assert list(response["content"]) == ["application/problem+json"], name
