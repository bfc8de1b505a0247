"""openapi.json documents the API in full."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flask import Flask
from jsonschema_rs import Draft202012Validator

from tests.contract import document
from vorex_sessions.events.schemas import EventDataSchema
from vorex_sessions.hooks.answers import Answer
from vorex_sessions.hooks.registry import registry
from vorex_sessions.version import VERSION

# Names of types that generated code would hide or could not have: Dart, Kotlin, Swift, TypeScript, Python.
RESERVED = """
abstract any array as assert async await bool boolean break case catch class const continue data date
datetime default deferred delete dict do double dynamic else enum error exception export extends extension
external factory false final finally float for func function future get guard hide if implements import in
init int integer interface internal is iterable late let library list map mixin model module namespace native
never nil none null num number object on open operator optional override package part private property
protocol public record repeat required response rethrow return sealed self set show static string struct
subscript super switch sync this throw true try tuple type typealias typeof uint union unit unknown url
uuid val var void when where while with yield
""".split()


def operations(spec: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in spec["paths"].items():
        for method, operation in methods.items():
            yield f"{method} {path}", operation


def responses(spec: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, operation in operations(spec):
        for status, response in operation["responses"].items():
            if "$ref" not in response:
                yield f"{name} {status}", response
    yield from spec["components"]["responses"].items()


def nodes(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
    for inner in (
        node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    ):
        yield from nodes(inner)


def referred(spec: dict[str, Any], start: Any) -> set[str]:
    """The names of all schemas that a part of the document needs."""
    found: set[str] = set()
    for node in nodes(start):
        name = str(node.get("$ref", "")).rpartition("/")[2]
        if name in spec["components"]["schemas"] and name not in found:
            found |= {name} | referred(spec, spec["components"]["schemas"][name])
    return found


def answered(spec: dict[str, Any]) -> set[str]:
    return referred(spec, [response for _, response in responses(spec)])


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


def all_answers(app: Flask) -> list[Answer]:
    with app.app_context():
        return list(registry().answers.values())


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
        assert in_description or "example" in parameter or name.startswith("delete "), name


def test_limits_are_in_the_document(app: Flask) -> None:
    save = document(app)["components"]["schemas"]["Save"]["properties"]
    assert (save["duration_seconds"]["minimum"], save["duration_seconds"]["maximum"]) == (0, 86400)
    assert (save["words_spoken"]["minimum"], save["words_spoken"]["maximum"]) == (0, 100_000)
    assert save["fluency_score"]["type"] == ["number", "null"]
    assert (save["fluency_score"]["minimum"], save["fluency_score"]["maximum"]) == (0, 100)
    assert (save["topics"]["maxItems"], save["topics"]["items"]["maxLength"]) == (50, 200)
    assert save["vocabulary_learned"]["maxItems"] == 500
    assert save["session_type"]["$ref"] == "#/components/schemas/SessionType"
    session_type = document(app)["components"]["schemas"]["SessionType"]
    assert session_type["enum"] == ["conversation", "pronunciation", "roleplay"]
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


def test_every_operation_has_a_name_for_generated_clients(app: Flask) -> None:
    names = [operation["operationId"] for _, operation in operations(document(app))]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch("[a-z]+([A-Z][a-z]+)+", name) for name in names), names
    assert {"saveSession", "saveSessions", "listHistory", "getStats", "getWarmup"} <= set(names)


def test_every_response_has_a_description(app: Flask) -> None:
    for name, response in responses(document(app)):
        assert response["description"], name


def test_schemas_have_names_that_every_language_allows(app: Flask) -> None:
    names = document(app)["components"]["schemas"]
    assert not {name.lower() for name in names} & set(RESERVED)
    assert len({name.lower() for name in names}) == len(names)  # file names of some generators


def test_every_enumeration_has_a_name(app: Flask) -> None:
    spec = document(app)
    schemas = spec["components"]["schemas"]
    named = [schema for schema in schemas.values() if "enum" in schema]
    values = [tuple(schema["enum"]) for schema in named]
    assert len(set(values)) == len(values)
    inline = [node for node in nodes(spec) if len(node.get("enum", ())) > 1 and node not in named]
    assert not inline, "name it in `enumerations` of its Capability"
    growing = [
        tuple(node["x-extensible-enum"]) for node in nodes(spec) if "x-extensible-enum" in node
    ]
    assert set(growing) <= set(values)
    assert len(growing) >= 15


def test_answers_may_gain_members_and_values_and_requests_may_not(app: Flask) -> None:
    spec = document(app)
    schemas = spec["components"]["schemas"]
    for name in answered(spec):
        assert all(
            node.get("additionalProperties") is not False for node in nodes(schemas[name])
        ), name
        for described in schemas[name].get("properties", {}).values():
            alone = str(described.get("$ref", "")).rpartition("/")[2]
            assert "enum" not in schemas.get(alone, {}), f"{name}: {described}"
    requests = [operation.get("requestBody", {}) for _, operation in operations(spec)]
    for name in referred(spec, requests):
        if name == "ImportFile":  # an export of a later release may have more members
            assert schemas[name]["additionalProperties"] is True
        elif schemas[name]["type"] == "object":
            assert schemas[name]["additionalProperties"] is False, name
        assert name not in answered(spec) or "enum" in schemas[name], name


def test_what_is_always_sent_is_required(app: Flask) -> None:
    schemas = document(app)["components"]["schemas"]
    sometimes = {
        name: set(schema["properties"]) - set(schema.get("required", ()))
        for name in answered(document(app))
        if "properties" in (schema := schemas[name])
    }
    assert sometimes.pop("Overview") == {answer.name for answer in all_answers(app)}
    assert {name: members for name, members in sometimes.items() if members} == {
        "Change": {"session", "deleted_at"},
        "EventData": set(EventDataSchema().fields) - {"user_id"},  # as the type has them
        "ImportedRow": {"problem"},
        "ImportedMemberRow": {"problem"},
        "Place": {"pointer", "parameter", "header"},
        "Problem": {"errors", "violated-policies"},
        "Readiness": {"machines", "standby"},
        "SavedItem": {"session", "problem", "achievements_unlocked", "streak"},
    }


def test_every_list_says_what_it_holds(app: Flask) -> None:
    for name, described in properties(document(app)):
        if described.get("type") == "array" and not name.startswith("RollupRow"):
            inner = described["items"]
            assert "$ref" in inner or inner["type"] in ("string", "array"), name


def test_an_object_or_null_is_one_of_both(app: Flask) -> None:
    for node in nodes(document(app)):
        assert {"type": "null"} not in node.get("anyOf", ()), node


def test_every_response_documents_its_headers(app: Flask) -> None:
    spec = document(app)
    counted = {"X-Request-ID", "RateLimit", "RateLimit-Policy"}
    for name, response in responses(spec):
        operation = dict(operations(spec)).get(name.rpartition(" ")[0])
        needed = counted if operation is None or operation["security"] else {"X-Request-ID"}
        assert needed <= response["headers"].keys(), name
    problems = spec["components"]["responses"]
    assert "WWW-Authenticate" in problems["NotSignedInProblem"]["headers"]
    assert "Retry-After" in problems["QuotaExceededProblem"]["headers"]
    assert "Retry-After" in problems["UnavailableProblem"]["headers"]


def test_every_problem_has_an_example_of_its_own(app: Flask) -> None:
    spec = document(app)
    schema = {"$ref": "#/components/schemas/Problem", "components": spec["components"]}
    types = []
    for name, response in spec["components"]["responses"].items():
        example = response["content"]["application/problem+json"]["example"]
        Draft202012Validator(schema).validate(example)
        types.append(example["type"])
        assert ("errors" in example) == (name == "InvalidProblem")
    assert len(set(types)) == len(types)


def test_nothing_destructive_is_filled_in(app: Flask) -> None:
    """Swagger UI and Postman fill in examples, defaults and single choices."""
    for name, parameter in parameters(document(app)):
        if name.startswith("delete "):
            filled = {"example", "examples", "default", "enum", "const"}
            assert not filled & (parameter.keys() | parameter["schema"].keys()), name


def test_the_document_says_whose_it_is_and_which_version(app: Flask) -> None:
    spec = document(app)
    assert spec["info"]["version"] == VERSION
    changes = (Path(__file__).parent.parent / "CHANGELOG.md").read_text()
    released = re.search(r"^## (\d[\d.]*) - ", changes, re.MULTILINE)
    assert released
    assert VERSION.startswith(released[1])
    assert spec["info"]["license"]["name"] == "MIT"
    assert spec["info"]["contact"]
    assert spec["servers"]
